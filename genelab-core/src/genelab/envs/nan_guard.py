"""Quarantine: an env that goes non-finite is reset and counted; the others never notice."""

from __future__ import annotations

import math
import time
from pathlib import Path

import torch

from genelab.managers.reward_manager import RewardManager
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import GenelabError
from genelab.utils.files import atomic_path

_WINDOW = 1000


class NanGuard:
    """Finds broken envs and stops the run when there are too many.

    Args:
        env: The environment.
        rewards: Whose values a dump shows.
        max_rate: Share of the env steps in a window of 1000 control steps that may break.

    Attributes:
        total: Number of env steps that were broken so far, int64 scalar on the device.
        dump_dir: Where the first broken state is written, on a CPU; `None` for nowhere.
    """

    def __init__(self, env: TermEnv, rewards: RewardManager, max_rate: float) -> None:
        self._env, self._rewards, self._max_rate = env, rewards, max_rate
        self.total = torch.zeros((), dtype=torch.long, device=env.device)
        self._nobody = torch.zeros(env.num_envs, dtype=torch.bool, device=env.device)
        self.dump_dir: Path | None = None
        self._window_start = 0
        self._dumped = False

    def inspect(self, actions: torch.Tensor, reward: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the reward with broken envs' rows zeroed, and which envs broke, bool `(num_envs,)`.

        Broken means: the solver found a non-finite force or acceleration, or the action or the reward is not finite.

        Raises:
            GenelabError: when more of the env steps in a window broke than may.
        """
        env = self._env
        if env.common_step_counter % _WINDOW == 0:
            self._check_rate()
        errors = env.scene.error_mask()
        if env.nobody(errors) and math.isfinite(float(reward.sum() + actions.sum())):
            return reward, self._nobody
        broken = errors | ~torch.isfinite(reward + actions.sum(dim=1))
        self.total += broken.sum()
        if env.device.type == "cpu" and self.dump_dir is not None and not self._dumped and bool(broken.any()):
            self._dump(int(broken.nonzero()[0, 0]), actions)
        return torch.where(broken, 0.0, reward), broken

    def known_clean(self, broken: torch.Tensor) -> bool:
        """Return True when `inspect` found nothing; on a GPU it does not look, because the host would have to wait."""
        return broken is self._nobody

    def clean(self, observation: dict[str, torch.Tensor], broken: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return terminal observations with zeros for the non-finite numbers of broken envs."""
        if self.known_clean(broken):
            return observation
        return {name: torch.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0) for name, value in observation.items()}

    def _check_rate(self) -> None:
        count = int(self.total) - self._window_start
        self._window_start += count
        rate = count / (_WINDOW * self._env.num_envs)
        if rate > self._max_rate:
            raise GenelabError(
                f"{rate:.2%} of the last {_WINDOW} steps of all envs went non-finite",
                where=f"limit: max_nan_reset_rate = {self._max_rate:.2%}",
                fix="look at nan_*.pt in the run's folder, shorten simulation.dt, or check the actions' scale",
            )

    def _dump(self, index: int, actions: torch.Tensor) -> None:
        """Write the state of one broken env, once, as a `.pt` of tensors that loads with weights_only=True."""
        self._dumped = True
        assert self.dump_dir is not None
        env, rewards = self._env, self._rewards
        state = {
            "env": index,
            "step": env.common_step_counter,
            "action": actions[index].clone(),
            "rewards": dict(zip(rewards.active_terms, rewards.values[:, index].tolist(), strict=True)),
            "entities": {
                name: {key: value[index].clone() for key, value in entity.physics_state().items()}
                for name, entity in env.scene.entities.items()
            },
        }
        with atomic_path(self.dump_dir / f"nan_{time.strftime('%Y%m%d_%H%M%S')}.pt") as path:
            torch.save(state, path)
