"""The policy of a checkpoint. All kinds of policies can be imported from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from genelab.eval.policy import CallablePolicy, Policy, RandomPolicy, ZeroPolicy, checked_actions
from genelab.rl.hidden_states import HiddenStates
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.lazy import lazy_names, torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation
    from genelab.managers.observation_layout import ObservationLayout
    from genelab.rl.backends.base import InferenceSetup

__getattr__, __dir__ = lazy_names(__name__, {"ExportedPolicy": "genelab.export.policy:ExportedPolicy"})


class ActorPolicy:
    """The actor of a checkpoint behind its layout's scale and clip: exactly the module that `export` writes.

    Args:
        setup: What the backend loaded.
        layout: The environment's observation layout.
        deterministic: `False` samples with the exploration noise of training.

    Raises:
        GenelabError: if the layout's width is not the actor's.
        UsageError: if sampling is asked for and the actor has no exploration noise.
    """

    kind = "checkpoint"

    def __init__(self, setup: InferenceSetup, layout: ObservationLayout, deterministic: bool = True) -> None:
        from genelab.rl.baked import bake

        self.setup, self.layout = setup, layout
        self.recurrent = setup.recurrent is not None
        self._states = HiddenStates(setup.recurrent)
        baked = bake(setup, layout)
        if deterministic:
            self._act: Callable[..., Any] = baked
        elif setup.sample is not None:
            sample = setup.sample
            self._act = lambda obs, *states: sample(baked.preprocess(obs), *states)
        else:
            raise UsageError("this checkpoint has no exploration noise to sample", fix="run it deterministically")

    def __call__(self, observations: Observation) -> torch.Tensor:
        flat = flatten_observations(observations, self.setup.obs_groups)
        with torch.no_grad():
            output = self._act(flat, *self._states.get(flat.shape[0], flat.device))
        actions, *states = output if self.recurrent else (output,)
        self._states.put(tuple(states))
        return checked_actions(actions, (flat.shape[0], self.setup.action_dim), "the checkpoint's actor")

    def reset(self, done: torch.Tensor | None = None) -> None:
        self._states.reset(done)


def flatten_observations(observations: Observation, groups: tuple[str, ...]) -> torch.Tensor:
    """Return `(num_envs, obs_dim)` float32: the groups side by side in this order.

    Raises:
        GenelabError: if a group is missing.
    """
    for group in groups:
        if group not in observations:
            raise GenelabError(
                f"the policy reads observation group {group!r}, which the environment does not have",
                fix=f"groups of the environment: {', '.join(observations)}",
            )
    return torch.cat([observations[group].float() for group in groups], dim=-1)


__all__ = [
    "ActorPolicy",
    "CallablePolicy",
    "Policy",
    "RandomPolicy",
    "ZeroPolicy",
    "checked_actions",
    "flatten_observations",
]
