"""GeneLab tasks as `gymnasium` vector environments: `gymnasium.make_vec("genelab/<task id>", num_envs=64)`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from genelab.envs.make import make_env
from genelab.plugins.tasks import load_task
from genelab.utils.errors import UsageError

VARIANTS = ("env", "eval_env", "play_env")


class GymnasiumVectorEnv(VectorEnv[Any, np.ndarray, np.ndarray]):
    """Numpy in, numpy out. Envs reset in the step they finish in; their last observation is in `infos["final_obs"]`.

    Args:
        task_id: A task.
        num_envs: Number of envs.
        variant: Which of the task's environments: `"env"`, `"eval_env"` or `"play_env"`.
        render_mode: `"rgb_array"` makes `render` return a picture of the first env, `(1, height, width, 3)`.
    """

    metadata = {"render_modes": ["rgb_array"], "autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(
        self, task_id: str, num_envs: int = 1, *, variant: str = "env", render_mode: str | None = None
    ) -> None:
        if variant not in VARIANTS:
            raise UsageError(f"unknown variant {variant!r}", fix=f"one of {', '.join(VARIANTS)}")
        cfg = getattr(load_task(task_id).cfg, variant)
        cfg.simulation.vis = False
        self.env = make_env(cfg, num_envs=num_envs, render_envs=int(render_mode == "rgb_array"))
        self.num_envs, self.render_mode = num_envs, render_mode
        self.metadata = {**self.metadata, "render_fps": round(1.0 / self.env.step_dt)}
        self.single_observation_space = self.env.single_observation_space
        self.single_action_space = self.env.single_action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | list[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset all envs; a list of seeds is refused, because one seed determines the whole batch."""
        if isinstance(seed, list):
            raise UsageError("a list of seeds is not supported", fix="give one seed; it determines all envs")
        super().reset(seed=seed)
        observations, _ = self.env.reset(seed=seed, options=options)
        return _to_numpy(observations), {}

    def step(self, actions: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Advance all envs by one control step."""
        tensor = torch.as_tensor(np.asarray(actions, dtype=np.float32), device=self.env.device)
        observations, reward, terminated, truncated, extras = self.env.step(tensor)
        infos: dict[str, Any] = {}
        done = (terminated | truncated).cpu().numpy()
        if done.any():
            final = _to_numpy(extras["final_obs"])
            rows = np.full(self.num_envs, None, dtype=object)
            for index in done.nonzero()[0]:
                rows[index] = {name: value[index] for name, value in final.items()}
            infos.update(final_obs=rows, _final_obs=done)
        if "is_success" in extras:
            infos.update(is_success=extras["is_success"].cpu().numpy(), _is_success=done)
        reward_array = reward.cpu().numpy().astype(np.float64)
        return _to_numpy(observations), reward_array, terminated.cpu().numpy(), truncated.cpu().numpy(), infos

    def render(self) -> tuple[Any, ...] | None:
        """Return a picture of the first env."""
        return (self.env.render(0),) if self.render_mode == "rgb_array" else None

    def close_extras(self, **kwargs: Any) -> None:
        self.env.close()


def _to_numpy(observations: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: value.cpu().numpy() for name, value in observations.items()}
