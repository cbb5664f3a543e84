"""Action without elements: joints follow a recorded trajectory."""

from __future__ import annotations

import zipfile
from pathlib import Path

from genelab.config.base import Positive, TextOrFunctionRef, configclass
from genelab.config.terms import ActionTermCfg, SceneEntityCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term import resolve_entity
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError
from genelab.utils.lazy import numpy as np
from genelab.utils.lazy import torch


@configclass
class JointTrajectoryActionCfg(ActionTermCfg):
    """Zero action elements: joints follow a recorded trajectory, which begins with the episode and repeats.

    The file is NPZ without pickle: `joint_names` text `(num_joints,)`, `positions` `(frames, num_joints)`, rad or m,
    and `fps`. Between frames positions are interpolated linearly.

    Attributes:
        file: Path of the file, or a function without arguments that returns it.
        speed: Factor on the speed of the recording.
    """

    file: TextOrFunctionRef
    speed: Positive = 1.0

    def build(self, env: TermEnv) -> JointTrajectoryAction:
        return JointTrajectoryAction(self, env)


class JointTrajectoryAction(ActionTerm):
    """Runtime of `JointTrajectoryActionCfg`."""

    cfg: JointTrajectoryActionCfg
    dim = 0

    def __init__(self, cfg: JointTrajectoryActionCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        path = Path(str(cfg.file() if callable(cfg.file) else cfg.file))
        names, positions, fps = read_joint_trajectory(path)
        self._robot = resolve_entity(SceneEntityCfg(name=cfg.entity), env).robot
        self._joints = [self._robot.find_joints((name,))[0] for name in names]
        self._frames = torch.as_tensor(positions, dtype=torch.float32, device=env.device)
        self._frames_per_step = fps * cfg.speed * env.step_dt

    def apply(self, action: torch.Tensor) -> None:
        place = (self.env.episode_length_buf + 1) * self._frames_per_step % len(self._frames)
        below = place.long()
        share = (place - below)[:, None]
        first, second = self._frames[below], self._frames[(below + 1) % len(self._frames)]
        self._robot.target[:, self._joints] = first + share * (second - first)


def read_joint_trajectory(path: Path) -> tuple[tuple[str, ...], np.ndarray, float]:
    """Return joint names, positions `(frames, num_joints)` and frames per second of a recording.

    Raises:
        UsageError: if there is no such file, it is no recording, or its parts do not fit together.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            names = tuple(str(name) for name in file["joint_names"])
            positions, fps = np.asarray(file["positions"], dtype=np.float64), float(file["fps"])
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path.name} is no recorded joint trajectory", where=f"{path}: {error}") from error
    if positions.ndim != 2 or len(positions) < 2 or positions.shape[1] != len(names):
        raise UsageError(
            f"{path.name} has positions of shape {positions.shape} for {len(names)} joints",
            where=str(path),
            fix="record at least two frames with one column for each joint",
        )
    if not (np.isfinite(positions).all() and 0.0 < fps < float("inf")):
        raise UsageError(f"{path.name} has positions or a rate that are not finite", where=str(path))
    return names, positions, fps
