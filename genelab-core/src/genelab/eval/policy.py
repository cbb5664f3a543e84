"""A policy: raw observations in, actions out, whatever it came from. And the policies that need no training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation
    from genelab.managers.random_streams import RandomStreams


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
        envs = [int(env) for env in (~finite).nonzero()]
        raise GenelabError(
            f"{source} returned actions that are not finite, in {len(envs)} of {shape[0]} envs (first: {envs[:5]})",
            fix="check the weights and the normaliser of the policy, and the observations it is given",
        )
    return actions.float()
