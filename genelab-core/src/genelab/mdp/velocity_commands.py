"""Command terms that ask a robot to move at a velocity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from genelab.config.base import configclass
from genelab.config.terms import CommandTermCfg

if TYPE_CHECKING:
    from genelab.mdp.velocity_command import VelocityCommand

Share = Annotated[float, Field(ge=0, le=1)]
Range = tuple[float, float]


@configclass
class VelocityBinCfg:
    """Commands of one kind, such as straight ahead: ranges as those of `VelocityCommandCfg`; what is not named is 0."""

    lin_vel_x: Range = (0.0, 0.0)
    lin_vel_y: Range = (0.0, 0.0)
    ang_vel_z: Range = (0.0, 0.0)


@configclass
class VelocityCommandCfg(CommandTermCfg):
    """Forward, sideward and turning velocity in the base's frame, drawn uniformly.

    Attributes:
        lin_vel_x: Range of the forward velocity, m/s.
        lin_vel_y: Range of the velocity to the left, m/s.
        ang_vel_z: Range of the turning rate to the left, rad/s.
        standing_share: Share of commands that ask to stand still.
        forward_share: Share that asks to go straight ahead: only |forward velocity|, at least `forward_min`.
        forward_min: m/s.
        axis_share: Share that asks for one of the three alone, each as often: a command drawn from a box hardly ever
            asks to turn on the spot, so nobody learns it.
        heading_share: Share that asks for a compass direction instead of a turning rate.
        heading_stiffness: Turning rate per rad of difference from that direction, 1/s.
        entity: Key of the robot in the scene.
        stratum: Name of the environment's stratum that sorts evaluation episodes by their command. An episode draws one
            command from its bin's ranges and keeps it to the end; the shares above are left out.
        bins: The bins of that stratum, which has their names.
    """

    components: ClassVar[tuple[str, ...]] = ("vx", "vy", "wz")

    lin_vel_x: Range = (-1.0, 1.0)
    lin_vel_y: Range = (-1.0, 1.0)
    ang_vel_z: Range = (-1.0, 1.0)
    standing_share: Share = 0.0
    forward_share: Share = 0.0
    forward_min: float = 0.3
    axis_share: Share = 0.0
    heading_share: Share = 0.0
    heading_stiffness: Annotated[float, Field(gt=0)] = 0.5
    entity: str = "robot"
    stratum: str | None = None
    bins: dict[str, VelocityBinCfg] = Field(default_factory=dict)

    def build(self, env: Any) -> VelocityCommand:
        from genelab.mdp.velocity_command import VelocityCommand

        return VelocityCommand(self, env)
