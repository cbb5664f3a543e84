"""Action without elements: a robot is moved through a clip, without physics."""

from __future__ import annotations

from genelab.config.base import configclass
from genelab.config.terms import ActionTermCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.motion.clip_file import read_clip
from genelab_tasks_locomotion.motion.shipped import find_file
from genelab_tasks_locomotion.tracking.reference import ReferenceMotion


@configclass
class ClipPlaybackCfg(ActionTermCfg):
    """Zero action elements: the robot is put into a frame of a clip at each control step, over and over.

    It stays there through the step where gravity and collisions are off.

    Attributes:
        clip: Path of an `.npz` file, or the name of a shipped clip (`genelab motion list`).
    """

    clip: str

    def build(self, env: TermEnv) -> ClipPlayback:
        return ClipPlayback(self, env)


class ClipPlayback(ActionTerm):
    """Runtime of `ClipPlaybackCfg`.

    Attributes:
        num_frames: Frames of the clip.
    """

    cfg: ClipPlaybackCfg
    dim = 0

    def __init__(self, cfg: ClipPlaybackCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        self._robot = robot = env.scene.articulation(cfg.entity, where="actions")
        path, root = find_file(cfg.clip, ".npz"), robot.link_names[:1]
        clip = read_clip(path, joint_names=robot.joint_names, body_names=root, fps=1.0 / env.step_dt)
        self.num_frames, self._motion = clip.num_frames, ReferenceMotion(clip, env.device)
        self._everyone = torch.ones(env.num_envs, dtype=torch.bool, device=env.device)

    def apply(self, action: torch.Tensor) -> None:
        self._show((self.env.episode_length_buf + 1) % self.num_frames, self._everyone)

    def reset(self, mask: torch.Tensor) -> None:
        self._show(torch.zeros_like(self.env.episode_length_buf), mask)

    def _show(self, frame: torch.Tensor, mask: torch.Tensor) -> None:
        robot, now = self._robot, self._motion.at(frame)
        robot.write_root(now.body_pos[:, 0], now.body_quat[:, 0], mask)
        robot.write_joints(now.joint_pos, torch.zeros_like(now.joint_pos), mask)
        robot.target = torch.where(mask[:, None], now.joint_pos, robot.target)
