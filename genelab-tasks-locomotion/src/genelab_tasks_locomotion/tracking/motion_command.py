"""Command of motion tracking: the frames of a clip, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from genelab.config.base import Range, configclass
from genelab.config.terms import CommandTermCfg
from genelab.managers.command_manager import CommandTerm
from genelab.managers.term import SceneEntity
from genelab.managers.term_env import TermEnv
from genelab.mdp.events import draw_axes
from genelab.utils.errors import UsageError
from genelab.utils.files import sha256_file
from genelab.utils.lazy import torch
from genelab.utils.rotations import about_z, conjugate, from_euler, multiply, rotate, rotate_inverse, yaw_of
from genelab.utils.strata import bin_labels
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import read_clip
from genelab_tasks_locomotion.motion.shipped import find_file
from genelab_tasks_locomotion.tracking.reference import Frames, ReferenceMotion
from genelab_tasks_locomotion.tracking.starts import AdaptiveStarts, AdaptiveStartsCfg


@configclass
class MotionCommandCfg(CommandTermCfg):
    """A reference motion that goes on by one frame each control step.

    An episode begins in a frame of the clip: the robot is put there, with a random error. The command is the frame that
    the robot should be in after the next step: joint positions (rad) and velocities (rad/s) in the robot's order, then
    position (m) and orientation (w, x, y, z) of the anchor link in the world.

    Attributes:
        clip: Path of an `.npz` file, or the name of a shipped clip (`genelab motion list`).
        entity: Key of the robot in the scene.
        anchor: Link against which the others are compared.
        bodies: Links that are compared with the reference.
        start: Where episodes begin: in a frame drawn uniformly, in the first, or, with a single process, more often
            where episodes fail.
        at_end: What follows on the clip's last frame: the robot is put into another frame and the episode goes on, or
            it ends (with the termination `clip_end`).
        pose: Error at the start by axis: x, y, z (m), roll, pitch, yaw (rad).
        velocity: Error of the base's velocity, likewise, m/s and rad/s.
        joint_position: Error of the joints, rad.
        adaptive: Numbers of the start `"adaptive"`; `None` for their defaults.
        stratum: Name of the environment's stratum that says in which part of the clip evaluation episodes start, at the
            beginning of the part.
    """

    clip: str
    anchor: str
    bodies: tuple[str, ...]
    entity: str = "robot"
    start: Literal["uniform", "first", "adaptive"] = "uniform"
    at_end: Literal["resample", "finish"] = "resample"
    pose: dict[str, Range] = Field(default_factory=dict)
    velocity: dict[str, Range] = Field(default_factory=dict)
    joint_position: Range = (0.0, 0.0)
    adaptive: AdaptiveStartsCfg | None = None
    stratum: str | None = None

    def build(self, env: TermEnv) -> MotionCommand:
        return MotionCommand(self, env)


@dataclass(frozen=True)
class RelativeTargets:
    """Where the tracked links should be for a robot whose anchor is off: the reference moved to it.

    Attributes:
        pos: `(num_envs, num_bodies, 3)`, m, in the world.
        quat: `(num_envs, num_bodies, 4)`.
    """

    pos: torch.Tensor
    quat: torch.Tensor


class MotionCommand(CommandTerm):
    """Runtime of `MotionCommandCfg`.

    Attributes:
        robot: Who follows.
        frame: The frame that the next step should reach, int64 `(num_envs,)`.
        now: That frame's contents.
        links: The tracked links among the robot's.
        anchor_link: The anchor among the robot's links.
        num_frames: Frames of the clip.
    """

    cfg: MotionCommandCfg

    def __init__(self, cfg: MotionCommandCfg, env: TermEnv) -> None:
        super().__init__(cfg, env)
        robot = env.scene.articulation(cfg.entity, where="commands")
        self.robot, self._path = robot, find_file(cfg.clip, ".npz")
        bodies = list(dict.fromkeys((robot.link_names[0], cfg.anchor, *cfg.bodies)))
        clip = read_clip(self._path, joint_names=robot.joint_names, body_names=bodies, fps=1.0 / env.step_dt)
        _check_length(clip, cfg, env)
        self._clip_facts = {"fps": clip.fps, "num_frames": clip.num_frames, "joint_names": list(clip.joint_names)}
        self.num_frames, self._motion = clip.num_frames, ReferenceMotion(clip, env.device)
        self.links = [robot.link_names.index(name) for name in cfg.bodies]
        self.anchor_link = robot.link_names.index(cfg.anchor)
        self._anchor, self._tracked = bodies.index(cfg.anchor), [bodies.index(name) for name in cfg.bodies]
        self._parts = 0 if cfg.stratum is None else len(bin_labels(env.strata[cfg.stratum]))
        self._adaptive = AdaptiveStarts(cfg.adaptive, clip, env) if cfg.start == "adaptive" else None
        self._placed_at = torch.full((env.num_envs,), -1, dtype=torch.long, device=env.device)
        self._version = 0
        self._go_to(torch.zeros(env.num_envs, dtype=torch.long, device=env.device))

    def _go_to(self, frame: torch.Tensor) -> None:
        """Make `frame` the present one."""
        self.frame, self._version = frame, self._version + 1
        self.now = self._motion.at(frame)
        anchor = torch.cat((self.anchor_pos, self.anchor_quat), dim=1)
        self._command = torch.cat((self.now.joint_pos, self.now.joint_vel, anchor), dim=1)

    @property
    def command(self) -> torch.Tensor:
        return self._command

    @property
    def anchor_pos(self) -> torch.Tensor:
        """Where the reference's anchor is in the world, m, `(num_envs, 3)`."""
        return self.now.body_pos[:, self._anchor]

    @property
    def anchor_quat(self) -> torch.Tensor:
        """How it is turned, `(num_envs, 4)`."""
        return self.now.body_quat[:, self._anchor]

    @property
    def robot_anchor(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Position `(num_envs, 3)`, m, and orientation `(num_envs, 4)` of the robot's anchor in the world."""
        return self.robot.link_pos[:, self.anchor_link], self.robot.link_quat[:, self.anchor_link]

    def columns(self, asset: SceneEntity) -> list[int]:
        """Return which of the tracked links an asset's are.

        Raises:
            UsageError: for one that is not tracked.
        """
        chosen = asset.describe()["links"]
        untracked = [name for name in chosen if name not in self.cfg.bodies]
        if untracked:
            raise UsageError(f"link {untracked[0]!r} is not among the tracked bodies of {self.name!r}")
        return [self.cfg.bodies.index(name) for name in chosen]

    def tracked(self, values: torch.Tensor) -> torch.Tensor:
        """Return the rows `(num_envs, num_tracked, ...)` of the tracked links of one of `now`'s arrays."""
        return values[:, self._tracked]

    @property
    def at_end(self) -> torch.Tensor:
        """Envs in which the step just made went for the clip's last frame, bool `(num_envs,)`."""
        return self.frame >= self.num_frames - 1

    @property
    def relative(self) -> RelativeTargets:
        """The reference moved to the robot's anchor along the ground and turned about the vertical."""
        both = self.robot.cached(f"{self.name}/relative/{self._version}", self._relative)
        return RelativeTargets(both[..., :3], both[..., 3:])

    def _relative(self) -> torch.Tensor:
        here, turned = self.robot_anchor
        turn = about_z(yaw_of(multiply(turned, conjugate(self.anchor_quat))))[:, None]
        origin = torch.cat((here[:, :2], self.anchor_pos[:, 2:]), dim=1)[:, None]
        arms = self.tracked(self.now.body_pos) - self.anchor_pos[:, None]
        turn = turn.expand(-1, arms.shape[1], -1)
        quat = multiply(turn, self.tracked(self.now.body_quat))
        return torch.cat((origin + rotate(turn, arms), quat), dim=-1)

    def reset(self, mask: torch.Tensor) -> None:
        if self._adaptive is not None:
            self._adaptive.note(self.frame, self.env.termination_manager.terminated & mask)
        self.resample(mask)

    def resample(self, mask: torch.Tensor) -> None:
        """Put the robots in `mask` into a frame of the clip; the command is then the one after it."""
        start = self._draw_starts(mask)
        self._place(self._motion.at(start), mask)
        self._placed_at = self._placed_at.masked_fill(mask, self.env.common_step_counter)
        self._go_to(torch.where(mask, start + 1, self.frame))

    def _draw_starts(self, mask: torch.Tensor) -> torch.Tensor:
        """Return frames from the first to the last but one, int64 `(num_envs,)`."""
        bins = None if self.cfg.stratum is None else self.env.random.stratum(self.cfg.stratum)
        if bins is not None:
            return bins * (self.num_frames - 1) // self._parts
        if self.cfg.start == "first":
            return torch.zeros_like(self.frame)
        name = f"command/{self.name}/start"
        if self._adaptive is not None:
            return self._adaptive.draw(self.env.random.uniform(name, 2, mask))
        return self.env.random.integers(name, 0, self.num_frames - 2, mask)

    def _place(self, frames: Frames, mask: torch.Tensor) -> None:
        cfg, robot, random, name = self.cfg, self.robot, self.env.random, f"command/{self.name}"
        pose = draw_axes(self.env, f"{name}/pose", cfg.pose, mask)
        twist = draw_axes(self.env, f"{name}/velocity", cfg.velocity, mask)
        quat = multiply(from_euler(*pose[:, 3:].unbind(1)), frames.body_quat[:, 0])
        turning = rotate_inverse(quat, frames.body_ang_vel[:, 0] + twist[:, 3:])
        velocity = torch.cat((frames.body_lin_vel[:, 0] + twist[:, :3], turning), dim=1)
        robot.write_root(frames.body_pos[:, 0] + pose[:, :3], quat, mask, velocity=velocity)
        low, high = cfg.joint_position
        offset = random.uniform(f"{name}/joints", robot.num_joints, mask, low=low, high=high)
        joints = (frames.joint_pos + offset).clamp(*robot.joint_limits.unbind(1))
        robot.write_joints(joints, frames.joint_vel, mask)

    def compute(self, dt: float) -> None:
        """Go on by a frame, except where the robot has just been put into one."""
        going = self._placed_at != self.env.common_step_counter
        ended = going & self.at_end
        if self.cfg.at_end == "resample" and not self.env.nobody(ended):
            self.resample(ended)
            going = going & ~ended
        self._go_to(torch.where(going, self.frame + 1, self.frame).clamp(max=self.num_frames - 1))

    def describe(self) -> dict[str, Any]:
        joints = self.robot.num_joints
        parts = {"joint_pos": joints, "joint_vel": joints, "anchor_pos": 3, "anchor_quat": 4}
        motion = {**self._clip_facts, "sha256": sha256_file(self._path)}
        return {**super().describe(), "layout": parts, "motion": motion}

    def load_command(self, command: torch.Tensor) -> None:
        raise UsageError("a motion is followed frame by frame", fix="choose another clip with --env.commands.NAME.clip")

    def state_dict(self) -> dict[str, Any]:
        adaptive = None if self._adaptive is None else self._adaptive.levels.clone()
        return {"frame": self.frame.clone(), "placed_at": self._placed_at.clone(), "adaptive": adaptive}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        device = self.frame.device
        self._placed_at = state["placed_at"].to(device, copy=True)
        self._go_to(state["frame"].to(device, copy=True))
        if self._adaptive is not None:
            self._adaptive.levels = state["adaptive"].to(device, copy=True)


def _check_length(clip: MotionClip, cfg: MotionCommandCfg, env: TermEnv) -> None:
    """Raise `UsageError` for a clip in which robots would be put elsewhere in the middle of every episode."""
    if cfg.at_end == "resample" and clip.num_frames - 1 < env.max_episode_length:
        raise UsageError(
            f"the clip lasts {clip.duration:g} s, an episode {env.max_episode_length * env.step_dt:g} s",
            where=cfg.clip,
            fix=f"--env.episode_length_s {clip.duration:g}, or a longer clip",
        )
