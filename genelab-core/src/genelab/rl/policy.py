"""A policy: raw observations in, actions out, whatever it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from genelab.export.artifact import Artifact
from genelab.rl.hidden_states import HiddenStates
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation
    from genelab.managers.observation_layout import ObservationLayout
    from genelab.managers.random_streams import RandomStreams
    from genelab.rl.backends.base import InferenceSetup


class Policy(Protocol):
    """What play, eval, export and compare take.

    Attributes:
        kind: `"checkpoint"`, `"export"`, `"zero"`, `"random"`, `"expert"` or `"callable"`.
        recurrent: Whether it keeps a hidden state per env.
    """

    kind: str
    recurrent: bool

    def __call__(self, observations: Observation) -> torch.Tensor:
        """Return actions `(num_envs, action_dim)` for raw observations by group, each `(num_envs, dim)`."""
        ...

    def reset(self, done: torch.Tensor | None = None) -> None:
        """Forget the hidden state of the envs where `done` (bool `(num_envs,)`), or of all."""
        ...


class ZeroPolicy:
    """Zeros: for position-controlled robots, the default pose."""

    kind = "zero"
    recurrent = False

    def __init__(self, action_dim: int) -> None:
        self.action_dim = action_dim

    def __call__(self, observations: Observation) -> torch.Tensor:
        first = next(iter(observations.values()))
        return torch.zeros(first.shape[0], self.action_dim, device=first.device)

    def reset(self, done: torch.Tensor | None = None) -> None:
        """Nothing to forget."""


class RandomPolicy:
    """Each element uniform in [-1, 1), a function of seed, episode and step: any number of envs sees the same episodes.

    Drawn on the CPU, so that every device sees the same, too. As in evaluation, env `s` of `n` runs the episodes `s`,
    `s + n` and so on.
    """

    kind = "random"
    recurrent = False

    def __init__(self, action_dim: int, seed: int) -> None:
        self.action_dim, self._seed = action_dim, seed
        self._streams: RandomStreams | None = None

    def __call__(self, observations: Observation) -> torch.Tensor:
        first = next(iter(observations.values()))
        if self._streams is None:
            from genelab.managers.random_streams import RandomStreams

            self._streams = RandomStreams(first.shape[0], "cpu", self._seed)
            self._streams.begin_evaluation()
        return self._streams.uniform("actions", self.action_dim, low=-1.0, high=1.0).to(first.device)

    def reset(self, done: torch.Tensor | None = None) -> None:
        """Begin the next episode where `done`, or the first one everywhere."""
        if done is None:
            self._streams = None
        elif self._streams is not None:
            self._streams.next_episode(done.cpu())


class CallablePolicy:
    """A Python function of the raw observations.

    Args:
        function: Takes a dict of tensors `(num_envs, dim)` by group, returns a tensor `(num_envs, action_dim)`.
        action_dim: Width that the environment expects.
    """

    kind = "callable"
    recurrent = False

    def __init__(self, function: Callable[[Observation], torch.Tensor], action_dim: int) -> None:
        self._function, self.action_dim = function, action_dim

    def __call__(self, observations: Observation) -> torch.Tensor:
        num_envs = next(iter(observations.values())).shape[0]
        return checked_actions(self._function(observations), (num_envs, self.action_dim), "the policy function")

    def reset(self, done: torch.Tensor | None = None) -> None:
        """Nothing to forget."""


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


class ExportedPolicy:
    """A file written by `genelab export`, run on the CPU by the exporter of its format.

    Args:
        path: The file; its `<file>.metadata.json` must lie beside it.
        layout: The environment's observation layout, which must be the one of the export; `None` checks nothing.

    Raises:
        UsageError: if the file or its metadata is missing or unreadable.
        GenelabError: if the file is not the one that was exported, or the layouts differ.
    """

    kind = "export"

    def __init__(self, path: str | Path, layout: ObservationLayout | None = None) -> None:
        self.artifact = Artifact.open(path)
        if layout is not None:
            self.artifact.check_layout(layout)
        self.recurrent = self.artifact.recurrent is not None
        self._states = HiddenStates(self.artifact.recurrent)
        self._act = self.artifact.load()

    def __call__(self, observations: Observation) -> torch.Tensor:
        flat = flatten_observations(observations, self.artifact.obs_groups)
        if flat.shape[1] != self.artifact.obs_dim:
            raise GenelabError(
                f"the exported policy takes {self.artifact.obs_dim} numbers per observation, got {flat.shape[1]}",
                where=str(self.artifact.path),
                fix="run it in the task it was exported from, or export it again",
            )
        with torch.no_grad():
            actions, *states = self._act(flat.cpu(), *self._states.get(flat.shape[0], torch.device("cpu")))
        self._states.put(tuple(states))
        shape = (flat.shape[0], self.artifact.action_dim)
        return checked_actions(actions, shape, self.artifact.path.name).to(flat.device)

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


def checked_actions(actions: Any, shape: tuple[int, int], source: str) -> torch.Tensor:
    """Return `actions` as float32 if they are a finite tensor of this shape.

    Raises:
        GenelabError: otherwise, with what was returned.
    """
    if not isinstance(actions, torch.Tensor):
        raise GenelabError(f"{source} returned {type(actions).__name__}, not a torch.Tensor of shape {shape}")
    if tuple(actions.shape) != shape:
        raise GenelabError(
            f"{source} returned actions of shape {tuple(actions.shape)}",
            fix=f"the environment expects (num_envs, action_dim) = {shape}",
        )
    finite = torch.isfinite(actions).all(dim=1)
    if not bool(finite.all()):
        envs = (~finite).nonzero().flatten().tolist()
        raise GenelabError(
            f"{source} returned actions that are not finite, in {len(envs)} of {shape[0]} envs (first: {envs[:5]})",
            fix="check the weights and the normaliser of the policy, and the observations it is given",
        )
    return actions.float()
