"""What a rollout tells besides its transitions: returns and lengths of episodes, and the environment's own log."""

from __future__ import annotations

from collections import deque
from statistics import fmean
from typing import Any

import torch

from genelab.rl.distributed import ALONE, World

WINDOW = 100
"""Number of latest episodes that the mean return and length are taken over."""


class RolloutMetrics:
    """Collects during a rollout without waiting for the device; `summary` reads everything at once.

    Args:
        num_envs: Number of envs.
        device: Where the environment's tensors live.
        world: Ranks whose episodes and logs are summarised together.
    """

    def __init__(self, num_envs: int, device: torch.device, world: World = ALONE) -> None:
        self._world = world
        self._return = torch.zeros(num_envs, device=device)
        self._length = torch.zeros(num_envs, device=device)
        self._steps: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        self._logs: list[dict[str, Any]] = []
        self._returns: deque[float] = deque(maxlen=WINDOW)
        self._lengths: deque[float] = deque(maxlen=WINDOW)

    def record(self, rewards: torch.Tensor, dones: torch.Tensor, log: dict[str, Any]) -> None:
        """Take in one step: rewards `(num_envs,)`, dones bool `(num_envs,)`, the environment's scalars by name."""
        episode_return, episode_length = self._return + rewards, self._length + 1
        self._steps.append((dones, episode_return, episode_length))
        self._return = episode_return.masked_fill(dones, 0.0)
        self._length = episode_length.masked_fill(dones, 0.0)
        if log:
            self._logs.append(log)

    def summary(self) -> dict[str, float]:
        """Return the scalars of the rollout by tag and begin the next one.

        `Train/mean_reward` (undiscounted return) and `Train/mean_episode_length` (control steps) are means over the
        last `WINDOW` episodes, absent until one has finished; entries of the environment's log are means over steps,
        under their own name if it has a `/`, else under `Episode/`.
        """
        dones, returns, lengths = (torch.stack(column) for column in zip(*self._steps, strict=True))
        finished = torch.stack([returns[dones], lengths[dones]]).tolist()
        for of_returns, of_lengths in self._world.gather(finished):
            self._returns.extend(of_returns)
            self._lengths.extend(of_lengths)
        scalars = self._world.mean(_means(self._logs, self._return.device))
        if self._returns:
            scalars["Train/mean_reward"] = fmean(self._returns)
            scalars["Train/mean_episode_length"] = fmean(self._lengths)
        self._steps, self._logs = [], []
        return scalars

    def state_dict(self) -> dict[str, Any]:
        """Return the running sums and the window; call it between rollouts."""
        return {
            "return": self._return,
            "length": self._length,
            "returns": list(self._returns),
            "lengths": list(self._lengths),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self._return = state["return"].to(self._return.device)
        self._length = state["length"].to(self._length.device)
        self._returns = deque(state["returns"], maxlen=WINDOW)
        self._lengths = deque(state["lengths"], maxlen=WINDOW)


def with_plain_names(scalars: dict[str, float]) -> dict[str, float]:
    """Return the scalars and, under the names that progress bars know, those among them that they show."""
    plain = {"return_mean": "Train/mean_reward", "length_mean": "Train/mean_episode_length"}
    return {**scalars, **{name: scalars[tag] for name, tag in plain.items() if tag in scalars}}


def _means(logs: list[dict[str, Any]], device: torch.device) -> dict[str, float]:
    """Return the mean of each entry over the steps that have it, with one transfer from the device."""
    names = list(dict.fromkeys(name for log in logs for name in log))
    if not names:
        return {}
    means = []
    for name in names:
        column = [torch.as_tensor(log[name], device=device).float().mean() for log in logs if name in log]
        means.append(torch.stack(column).mean())
    values = torch.stack(means).tolist()
    return {name if "/" in name else f"Episode/{name}": value for name, value in zip(names, values, strict=True)}
