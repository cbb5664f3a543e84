"""The command term of motion tracking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from genelab.config.base import configclass
from genelab.config.terms import CommandTermCfg

if TYPE_CHECKING:
    from genelab_tasks_locomotion.tracking.motion_command import MotionCommand

Range = tuple[float, float]


@configclass
class AdaptiveStartsCfg:
    """How to start more often where episodes fail.

    Each bin of the clip keeps a level of failure, a running mean of the failures that happened in it. Starts are drawn
    in proportion to that level, smeared over the bins before it, since what goes wrong there was prepared there.

    Attributes:
        bin_s: Length of a bin, s.
        uniform_share: Share of the starts that is drawn uniformly all the same.
        memory: Weight of the past in the running mean, per resampling.
        reach: Number of bins before a failure that share its level, with half the weight a bin.
    """

    bin_s: Annotated[float, Field(gt=0)] = 1.0
    uniform_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    memory: Annotated[float, Field(ge=0, lt=1)] = 0.999
    reach: Annotated[int, Field(ge=0)] = 2


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

    def build(self, env: Any) -> MotionCommand:
        from genelab_tasks_locomotion.tracking.motion_command import MotionCommand

        return MotionCommand(self, env)
