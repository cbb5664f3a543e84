"""The library's algorithms, with what it does env by env done for all envs at once, and a barrier between rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from stable_baselines3 import A2C, DDPG, PPO, SAC, TD3
from stable_baselines3.common.type_aliases import RolloutReturn
from stable_baselines3.common.utils import obs_as_tensor

from genelab_backend_sb3.networks import update_normalizers

if TYPE_CHECKING:
    from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
    from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

    _OnPolicy, _OffPolicy = OnPolicyAlgorithm, OffPolicyAlgorithm
else:
    _OnPolicy = _OffPolicy = object

_UNSAVED = ["_last_obs", "_last_original_obs", "_last_episode_starts", "ep_info_buffer", "ep_success_buffer"]
_WATCHED = ["train", "_sample_action"]
"""Methods that a profiler may wrap; the wrappers are attributes, and would be saved with the others."""


class OnPolicyLoop(_OnPolicy):
    """Adds to PPO and A2C: time-outs bootstrapped in one batch, statistics of observations, and the barrier."""

    observation_space: Any
    policy: Any

    def collect_rollouts(self, env: Any, callback: Any, rollout_buffer: Any, n_rollout_steps: int) -> bool:
        """Collect a rollout, unless the callback ends the training first."""
        if not callback.between_rollouts():
            return False
        return super().collect_rollouts(env, callback, rollout_buffer, n_rollout_steps)

    def learn_statistics(self) -> None:
        """Add the last rollout to the statistics of the observations.

        Done after the update, so that the probabilities in a rollout belong to the network that is updated.
        """
        observations = self.rollout_buffer.observations.reshape(-1, self.observation_space.shape[0])
        update_normalizers(self.policy, observations, self.device)

    def terminal_value(self, observations: Any) -> np.ndarray:
        """Return γ·V of terminal observations, `(k,)`."""
        with torch.no_grad():
            values = self.policy.predict_values(obs_as_tensor(observations, self.device))
        return self.gamma * values.flatten().cpu().numpy()

    def _update_info_buffer(self, infos: Any, dones: Any = None) -> None:
        """Leave the statistics of episodes to `Sb3VecEnv.metrics`."""

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), *_UNSAVED, *_WATCHED]


class OffPolicyLoop(_OffPolicy):
    """Adds to SAC, TD3 and DDPG: random actions, noise and transitions of all envs at once, and the barrier.

    Attributes:
        exploration_noise: Standard deviation of the noise on scaled actions.
    """

    action_space: Any
    env: Any
    exploration_noise: float = 0.0
    _last_obs: Any

    def collect_rollouts(self, env: Any, callback: Any, *args: Any, **kwargs: Any) -> RolloutReturn:
        """Collect a rollout, unless the callback ends the training first."""
        if not callback.between_rollouts():
            return RolloutReturn(0, 0, continue_training=False)
        return super().collect_rollouts(env, callback, *args, **kwargs)

    def learn_statistics(self) -> None:
        """Add the present observations to the statistics."""
        update_normalizers(self.policy, self._last_obs, self.device)

    def _sample_action(self, learning_starts: int, action_noise: Any = None, n_envs: int = 1) -> Any:
        """Return actions for the environment and, scaled to [-1, 1], for the replay buffer."""
        if self.num_timesteps < learning_starts:
            scaled = np.random.uniform(-1.0, 1.0, (n_envs, *self.action_space.shape)).astype(np.float32)
        else:
            actions, _ = self.predict(self._last_obs, deterministic=False)
            scaled = self.policy.scale_action(actions)
            if self.exploration_noise > 0.0:
                noise = np.random.normal(0.0, self.exploration_noise, scaled.shape).astype(np.float32)
                scaled = np.clip(scaled + noise, -1.0, 1.0)
        return self.policy.unscale_action(scaled), scaled

    def _store_transition(
        self, replay_buffer: Any, buffer_action: Any, new_obs: Any, reward: Any, dones: Any, infos: Any
    ) -> None:
        successors = self.env.successors(new_obs)
        replay_buffer.add(self._last_obs, successors, buffer_action, reward, dones, infos)
        self._last_obs = new_obs

    def _update_info_buffer(self, infos: Any, dones: Any = None) -> None:
        """Leave the statistics of episodes to `Sb3VecEnv.metrics`."""

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), *_UNSAVED, *_WATCHED]


class GenelabPPO(OnPolicyLoop, PPO):
    """Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347)."""


class GenelabA2C(OnPolicyLoop, A2C):
    """Advantage actor-critic (Mnih et al. 2016, arXiv:1602.01783), synchronous."""


class GenelabSAC(OffPolicyLoop, SAC):
    """Soft actor-critic (Haarnoja et al. 2018, arXiv:1812.05905)."""


class GenelabTD3(OffPolicyLoop, TD3):
    """Twin delayed deep deterministic policy gradient (Fujimoto et al. 2018, arXiv:1802.09477)."""


class GenelabDDPG(OffPolicyLoop, DDPG):
    """Deep deterministic policy gradient (Lillicrap et al. 2015, arXiv:1509.02971)."""


ALGORITHMS: dict[str, Any] = {
    "PPO": GenelabPPO,
    "A2C": GenelabA2C,
    "SAC": GenelabSAC,
    "TD3": GenelabTD3,
    "DDPG": GenelabDDPG,
}
