"""A motion clip on its robot: the robot is moved through it, without physics and without a policy."""

from __future__ import annotations

from genelab import mdp
from genelab.config import (
    ActionTermCfg,
    CameraCfg,
    GroundCfg,
    ManagerBasedEnvCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    SceneCfg,
    SimulationCfg,
    TaskCfg,
    configclass,
)
from genelab.config.simulation import RigidSolverCfg
from genelab.managers.action_manager import ActionTerm
from genelab.managers.term_env import TermEnv
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.motion.clip_file import read_clip
from genelab_tasks_locomotion.motion.shipped import find_file
from genelab_tasks_locomotion.robots.unitree_g1.robot import unitree_g1
from genelab_tasks_locomotion.tracking.reference import ReferenceMotion


def motion_playback() -> TaskCfg:
    """Show a clip on the G1, again and again, at 50 frames per second."""
    env = ManagerBasedEnvCfg(
        simulation=SimulationCfg(dt=0.02, steps=500, gravity=(0.0, 0.0, 0.0), solver=RigidSolverCfg(collision=False)),
        decimation=1,
        scene=SceneCfg(
            entities={"robot": unitree_g1()},
            ground=GroundCfg(collision=False),
            camera=CameraCfg(position=(2.2, -2.2, 0.5), lookat=(0.0, 0.0, -0.1), follow="robot"),
        ),
        actions={"motion": ClipPlaybackCfg(clip="step_and_wave")},
        observations={
            "state": ObservationGroupCfg(terms={"joint_pos": ObservationTermCfg(func=mdp.observations.joint_pos_rel)})
        },
    )
    return TaskCfg(env=env)


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
