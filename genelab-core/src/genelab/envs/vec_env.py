"""The environment contract that backends, evaluation and export are written against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from genelab.managers.observation_layout import ObservationLayout

if TYPE_CHECKING:
    import gymnasium
    import numpy as np
    import torch

    from genelab.config.env import ManagerBasedEnvCfg

Observation: TypeAlias = "dict[str, torch.Tensor]"
"""Observations by group, float32 `(num_envs, dim)` each."""
Step: TypeAlias = "tuple[Observation, torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]]"
"""What `VecEnv.step` returns: observations, reward, terminated, truncated, extras."""


@dataclass
class StepView:
    """One control step, seen before finished envs are reset: entity state is still the terminal one.

    Attributes:
        env: The environment.
        action: Raw action, `(num_envs, action_dim)`.
        reward: `(num_envs,)`.
        terminated: Bool `(num_envs,)`.
        truncated: Bool `(num_envs,)`.
        success: Bool `(num_envs,)`, or `None` when the task publishes none.
    """

    env: VecEnv
    action: torch.Tensor
    reward: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor
    success: torch.Tensor | None


class VecEnv(Protocol):
    """Batched environment with same-step autoreset: what `make_env` returns, and `genelab.testing.FakeVecEnv`.

        observations, _ = env.reset(seed=0)
        for _ in range(100):
            actions = policy(observations["policy"])  # (env.num_envs, env.action_dim)
            observations, reward, terminated, truncated, extras = env.step(actions)

    All tensors are fresh in every step: callers may keep them.

    Attributes:
        num_envs: Number of envs that the caller sees.
        action_dim: Width of an action.
        device: Where tensors live.
        step_dt: Control step, s.
        max_episode_length: Time limit, control steps; the length of a headless `play` where no episode ends.
        observation_layout: Groups and terms.
        single_observation_space: `gymnasium.spaces.Dict` over groups, float32.
        single_action_space: `gymnasium.spaces.Box`, float32.
        step_observers: Called with a `StepView` in each step before finished envs are reset.
    """

    num_envs: int
    action_dim: int
    device: torch.device
    step_dt: float
    max_episode_length: int
    observation_layout: ObservationLayout
    single_observation_space: gymnasium.spaces.Dict
    single_action_space: gymnasium.spaces.Box[Any]
    step_observers: list[Callable[[StepView], None]]

    @property
    def cfg(self) -> ManagerBasedEnvCfg:
        """What it was built from: a `ManagerBasedRlEnvCfg` where there are rewards."""
        ...

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """Control steps since the last reset, int64 `(num_envs,)`; may be assigned."""
        ...

    @episode_length_buf.setter
    def episode_length_buf(self, value: torch.Tensor) -> None: ...

    @property
    def raw_observations(self) -> bool:
        """Whether observations are returned before scale and clip (with history).

        That is what policies (`genelab.rl.policy.Policy`) and exported files take; `False`, the default, is for
        training. It may be switched at any time: `get_observations` gives the present observation in either form.
        """
        ...

    @raw_observations.setter
    def raw_observations(self, value: bool) -> None: ...

    @property
    def unwrapped(self) -> Any:
        """The environment itself, of whatever class, with all that it has besides this contract."""
        ...

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Reset every env.

        Args:
            seed: New base seed; `None` goes on with the present streams.
            options: `{"evaluation": True}` makes every random draw a function of (seed, episode index, term, draw
                counter): the env in slot `s` runs the episodes s, s + num_envs, s + 2·num_envs, … and
                `episode_index` `(num_envs,)` int64 says which one is running.

        Returns:
            Observations by group, each float32 `(num_envs, dim)`, and extras: in evaluation mode
            `extras["init_hash"]`, a list of `num_envs` strings of 16 hexadecimal digits, equal for equal starts.
        """
        ...

    def step(self, actions: torch.Tensor) -> Step:
        """Advance one control step.

        Args:
            actions: float32 `(num_envs, action_dim)`.

        Returns:
            observations (after the reset of finished envs), reward float32 `(num_envs,)`, terminated bool, truncated
            bool, extras. `extras` is a new dict in each step; it may hold

            * `"final_obs"`: observations by group `(num_envs, dim)`, before the reset; present in any step where an env
              finished, valid in the rows of finished envs;
            * `"is_success"`: bool `(num_envs,)`, before the reset, if the task publishes it;
            * `"termination_terms"`: dict of bool `(num_envs,)`, before the reset;
            * `"nan_reset"`: bool `(num_envs,)`;
            * `"draws"`: dict of float32 `(num_envs,)`, what randomisation drew for the episodes that end in this step;
              NaN for nothing;
            * `"init_hash"`: in evaluation mode, dict of slot to hash, for the slots reset in this step;
            * `"log"`: dict of scalar tensors, averages over the envs reset in this step, for the training log.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that the future depends on (physics, managers, random streams), as tensors and plain values."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned; the following steps are then bit-equal."""
        ...

    def get_observations(self) -> Observation:
        """Return the observations of the last reset or step again, without advancing noise or history."""
        ...

    def render(self, index: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return a picture of env `index`, uint8 `(height, width, 3)`.

        Raises:
            GenelabError: for an env that was not made with a camera (`render_envs` of `make_env`).
        """
        ...

    def describe_actuation(self) -> dict[str, Any] | None:
        """Return what a controller outside the simulator needs to turn actions into motion, as plain JSON values.

        Returns:
            `None` for an environment without actuated joints, otherwise

            * `"decimation"`: physics steps per control step;
            * `"robots"`: by entity name, lists in the order of its actuated joints: `"joint_names"`,
              `"default_joint_positions"` (rad or m), `"kp"` (N·m/rad or N/m), `"kv"` (N·m·s/rad or N·s/m),
              `"effort_limits"` (N·m or N, `None` for no limit), `"actuator_models"`;
            * `"action_terms"`: in the order of the action vector: `"name"`, `"type"`, `"entity"`, `"start"`, `"dim"`,
              `"joint_names"`, and per element `"scale"` and `"offset"` (target = offset + scale · action).
        """
        ...

    def describe_deployment(self) -> dict[str, Any] | None:
        """Return what another simulator of the same robot needs beyond `describe_actuation`, as plain JSON values.

        Returns:
            `None` for an environment without physics, otherwise

            * `"version"`: of this description;
            * `"physics"`: `"dt"` and `"substeps"` of a tick, `"decimation"`, `"gravity"`, `"integrator"`,
              `"collision"`, `"self_collision"`, `"joint_limit"`, `"constraint_timeconst"` (s, of contacts and limits
              whose softness the model file does not state), and `"surroundings"` (ground and whatever else stands
              there);
            * `"robots"`: by entity name `"mjcf_sha256"`, `"free_base"`, `"init_pos"`, `"init_quat"` (w, x, y, z),
              `"joint_names"`, `"default_joint_positions"`, `"link_names"`, `"gravity_compensation"` (share of the
              weight that is held for the motors) and `"actuators"`: by group the law
              (`"model"`, `"sampled"`), its `"joint_names"` and its numbers, one per joint;
            * `"sensors"`: by name `"type"` (reference) and the fields of the config;
            * `"objects"`: names of the other bodies;
            * `"action"`: `"delay"` (inclusive range, control steps) and `"noise_std"`;
            * `"observations"`: by group and term `"kind"` (reference of the function), `"params"` (an entity as its
              name and the names of its joints and links) and `"latency"` (inclusive range, control steps);
            * `"commands"`: by name `"dim"`, `"components"` (names of the elements, if they have any), `"type"`
              (reference) and the fields of the config;
            * `"terminations"`: by name `"kind"`, `"params"`, `"time_out"`;
            * `"episode_length_s"`.
        """
        ...

    def close(self) -> None:
        """Free what it holds: the simulator, processes."""
        ...


def box_spaces(layout: ObservationLayout, action_dim: int) -> tuple[gymnasium.spaces.Dict, gymnasium.spaces.Box[Any]]:
    """Return the spaces of the observation groups, unbounded, and of the action, ±1; float32."""
    import gymnasium
    import numpy as np

    box = gymnasium.spaces.Box
    groups: dict[str, gymnasium.Space[Any]] = {
        name: box(-np.inf, np.inf, (group.dim,), np.float32) for name, group in layout.groups.items()
    }
    return gymnasium.spaces.Dict(groups), box(-1.0, 1.0, (action_dim,), np.float32)
