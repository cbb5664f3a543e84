"""How far a robot is from its reference motion: means over an evaluation episode, and how they change over the clip."""

from __future__ import annotations

from collections.abc import Callable

from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.envs.vec_env import StepView, VecEnv
from genelab.eval.episode_curve import CurveMetric, EpisodeCurve
from genelab.eval.metrics import EvalMetric, NotApplicable
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.tracking import terms
from genelab_tasks_locomotion.tracking.motion_command import MotionCommandCfg
from genelab_tasks_locomotion.tracking.observations import motion

MOST_BINS = 200
"""Places along the clip at which a profile has a value."""


class TrackingError(CurveMetric):
    """Mean over the episode of one of `tracking.terms`; its profile is over the clip's time."""

    term: Callable[..., torch.Tensor]

    def start(self, env: VecEnv) -> None:
        self._env, self._name = _tracking(env)
        command = motion(self._env, self._name)
        self._bin = -(-command.num_frames // MOST_BINS)
        bins = (command.num_frames - 1) // self._bin + 1
        self._sums, self._steps = torch.zeros(2, env.num_envs, dtype=torch.float64, device=env.device)
        self._profile = torch.zeros(2, bins, dtype=torch.float64, device=env.device)
        self._last = self._sums

    def update(self, step: StepView) -> None:
        self._last = type(self).term(self._env, self._name).double()
        self._sums = self._sums + self._last
        self._steps = self._steps + 1.0

    def trace(self, counted: torch.Tensor) -> None:
        bins = motion(self._env, self._name).frame // self._bin
        weights = counted.double()
        self._profile.index_add_(1, bins, torch.stack((self._last * weights, weights)))

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        mean = self._sums[env_ids] / self._steps[env_ids]
        self._sums[env_ids] = self._steps[env_ids] = 0.0
        return mean

    def profile(self) -> EpisodeCurve:
        total, count = self._profile.cpu()
        seconds = (torch.arange(len(count)) + 0.5) * self._bin * self._env.step_dt
        return EpisodeCurve("time in the clip, s", seconds.tolist(), (total / count).tolist(), count.long().tolist())


class JointError(TrackingError):
    """Mean |q − reference| of the joints, rad."""

    term = staticmethod(terms.joint_error)


class BodyError(TrackingError):
    """Mean distance of the links from the reference moved to the robot, m."""

    term = staticmethod(terms.body_error)


class AnchorError(TrackingError):
    """Mean distance of the anchor from the reference's in the world, m."""

    term = staticmethod(terms.anchor_error)


class AnchorAngleError(TrackingError):
    """Mean angle between the anchor and the reference's, rad."""

    term = staticmethod(terms.anchor_angle_error)


class ClipShare(EvalMetric):
    """How much of the way from its start to the clip's end an episode made: 1 is success."""

    def start(self, env: VecEnv) -> None:
        self._env, self._name = _tracking(env)
        self._steps, self._frame = torch.zeros(2, env.num_envs, dtype=torch.float64, device=env.device)

    def update(self, step: StepView) -> None:
        self._steps = self._steps + 1.0
        self._frame = motion(self._env, self._name).frame.double()

    def finish(self, env_ids: torch.Tensor) -> torch.Tensor:
        steps, last = self._steps[env_ids], motion(self._env, self._name).num_frames - 1
        self._steps[env_ids] = 0.0
        return steps / (last - self._frame[env_ids] + steps)


def _tracking(env: VecEnv) -> tuple[ManagerBasedRlEnv, str]:
    """Return the environment and the name of its motion command; raise `NotApplicable` if it has none."""
    made = env.unwrapped
    if isinstance(made, ManagerBasedRlEnv):
        for name, cfg in made.cfg.commands.items():
            if isinstance(cfg, MotionCommandCfg):
                return made, name
    raise NotApplicable("the environment has no motion command")
