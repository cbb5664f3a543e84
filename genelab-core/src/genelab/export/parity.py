"""Proof that an exported file is the same policy: it is loaded again and compared with the live actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from genelab.export.rollout import Rollout, replay
from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.rl.backends.base import InferenceSetup

TOLERANCE = 1e-5
"""Largest allowed |difference| of an action, float32; for actions above 1 relative to the largest one."""

SINGLE_ENVS = 8
"""Envs of the rollout that are replayed one at a time."""


def check_parity(
    setup: InferenceSetup, run: Callable[..., tuple[torch.Tensor, ...]], rollout: Rollout, format: str
) -> dict[str, Any]:
    """Compare the file with the actor over a recorded rollout, all envs at once and one env at a time.

    The reference is the actor itself on the observations that the environment scaled for training, so a wrong scale,
    clip, order of terms or normaliser shows as well as a wrong network.

    Args:
        setup: The actor, on the CPU.
        run: The file, loaded by its exporter.
        rollout: What to compare on.
        format: Name of the format, for the error.

    Returns:
        `max_abs_diff`, `tolerance`, `rows`, `batch_sizes`, `steps`, `resets`.

    Raises:
        GenelabError: if an action differs by more than the tolerance or is not finite.
    """
    steps, num_envs, _ = rollout.raw.shape
    reference = replay(setup.actor, rollout.scaled, rollout.forget, setup.recurrent)
    differences = [_max_difference(replay(run, rollout.raw, rollout.forget, setup.recurrent), reference)]
    singles = min(SINGLE_ENVS, num_envs)
    for env in range(singles):
        column = slice(env, env + 1)
        alone = replay(run, rollout.raw[:, column], rollout.forget[:, column], setup.recurrent)
        differences.append(_max_difference(alone, reference[:, column]))
    worst = max(differences)
    tolerance = TOLERANCE * max(1.0, float(reference.abs().max()))
    if not worst <= tolerance:  # a NaN fails too
        raise GenelabError(
            f"the exported {format} file is not the same policy: its actions differ by {worst:.3g} "
            f"(allowed {tolerance:.3g}) over {steps * num_envs} recorded observations",
            fix="nothing was written; report this with the checkpoint, or try another --format or --opset",
        )
    return {
        "max_abs_diff": worst,
        "tolerance": tolerance,
        "rows": steps * (num_envs + singles),
        "batch_sizes": sorted({1, num_envs}),
        "steps": steps,
        "resets": int(rollout.forget[1:].sum()),
    }


def _max_difference(actions: torch.Tensor, reference: torch.Tensor) -> float:
    if actions.shape != reference.shape:
        raise GenelabError(
            f"the exported file returns actions of shape {tuple(actions.shape)}, the actor {tuple(reference.shape)}",
            fix="nothing was written; the exporter of this format is at fault",
        )
    return float((actions - reference).abs().max())
