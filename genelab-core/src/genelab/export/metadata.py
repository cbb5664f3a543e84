"""What `<file>.metadata.json` says: what a robot needs to run the policy, and what GeneLab checks before it does."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv
    from genelab.managers.observation_layout import ObservationLayout, TermLayout
    from genelab.rl.backends.base import InferenceSetup, RecurrentSpec

REQUIRED = (
    "task",
    "format",
    "sha256",
    "obs_dim",
    "obs_groups",
    "action_dim",
    "is_recurrent",
    "recurrent",
    "observation_layout",
    "observation_layout_sha256",
)
"""Keys without which a file cannot be run by `ExportedPolicy`."""


def metadata_path(path: Path) -> Path:
    """Return the sibling that describes the exported file `path`."""
    return path.with_name(path.name + ".metadata.json")


def reference_path(path: Path) -> Path:
    """Return the sibling with the reference rollout of the exported file `path`."""
    return path.with_name(path.name + ".reference.npz")


def describe_policy(setup: InferenceSetup, env: VecEnv) -> dict[str, Any]:
    """Return the keys that come from the actor and its environment.

    `actuation` holds the robots' joint names, gains, effort limits and default positions, the action terms with their
    scale, and the decimation; it is null for an environment without actuated joints. `deployment` is what another
    simulator needs beyond that.
    """
    layout = env.observation_layout.select(setup.obs_groups)
    return {
        "obs_dim": setup.actor_input_dim,
        "obs_groups": describe_groups(layout),
        "action_dim": setup.action_dim,
        "action_range": [-1.0, 1.0],
        "normalization_baked": True,
        "is_recurrent": setup.recurrent is not None,
        "recurrent": describe_recurrent(setup.recurrent),
        "control_dt": env.step_dt,
        "actuation": env.unwrapped.describe_actuation(),
        "deployment": _describe_deployment(setup, env),
        "observation_layout": layout.to_json(),
        "observation_layout_sha256": layout.sha256(),
        "iteration": setup.info.get("iteration"),
        "env_steps": setup.info.get("env_steps"),
        "algorithm": setup.info.get("algorithm"),
    }


def _describe_deployment(setup: InferenceSetup, env: VecEnv) -> dict[str, Any] | None:
    """Return the environment's description with the observation groups that the actor reads."""
    described = env.unwrapped.describe_deployment()
    if described is None:
        return None
    return {**described, "observations": {name: described["observations"][name] for name in setup.obs_groups}}


def describe_groups(layout: ObservationLayout) -> dict[str, Any]:
    """Return each group's place in the flat input and its terms.

    A group is `history_length` frames, oldest first; `start` of a term counts from the start of its frame, so element
    `i` of a term in frame `f` is at `group.start + f * group.dim / group.history_length + term.start + i`.
    """
    groups, group_start = {}, 0
    for name, group in layout.groups.items():
        terms, start = [], 0
        for term in group.terms:
            terms.append(_describe_term(term, start))
            start += term.dim
        groups[name] = {"start": group_start, "dim": group.dim, "history_length": group.history_length, "terms": terms}
        group_start += group.dim
    return groups


def _describe_term(term: TermLayout, start: int) -> dict[str, Any]:
    scale = [float(factor) for factor in term.scale]
    clip = None if term.clip is None else [float(bound) if abs(bound) < float("inf") else None for bound in term.clip]
    return {
        "name": term.name,
        "dim": term.dim,
        "start": start,
        "scale": scale[0] if len(set(scale)) == 1 else scale,
        "clip": clip,
    }


def describe_recurrent(spec: RecurrentSpec | None) -> dict[str, Any] | None:
    """Return the hidden state's kind and shape, or `None` for a feed-forward actor."""
    if spec is None:
        return None
    return {
        "rnn_type": spec.rnn_type,
        "rnn_num_layers": spec.num_layers,
        "rnn_hidden_dim": spec.hidden_dim,
        "hidden_shape": [spec.num_layers, "batch", spec.hidden_dim],
        "inputs": [f"{state}_in" for state in spec.states],
        "outputs": [f"{state}_out" for state in spec.states],
    }


def describe_writing(format: str) -> dict[str, Any]:
    """Return the keys that say when and with what the file was written."""
    return {
        "format": format,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "torch_version": torch.__version__,
        "genelab_version": version("genelab-core"),
    }
