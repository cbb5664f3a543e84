"""Command terms that ask for a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from genelab.config.base import configclass
from genelab.config.scene import Vector3
from genelab.config.terms import CommandTermCfg

if TYPE_CHECKING:
    from genelab.mdp.goal_command import GoalPositionCommand

Share = Annotated[float, Field(ge=0, le=1)]


@configclass
class GoalPositionCommandCfg(CommandTermCfg):
    """A place in the world, drawn uniformly in a box; on its floor with a given probability.

    Attributes:
        low: Lower corner of the box, m.
        high: Upper corner, m.
        floor_probability: Share of goals whose height is that of the lower corner.
        reach: Distance from the world's origin that no goal may exceed, m; a box beyond it is refused.
        stratum: Name of the environment's stratum that fixes heights in evaluation. The first bins, as many as
            `floor_probability` says, are the floor; the others cut the height of the box into equal slices.
        marker_radius: Radius of the sphere that shows the goal in pictures, m.
        marker_color: Its colour, (red, green, blue, opacity).
    """

    components: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    low: Vector3
    high: Vector3
    floor_probability: Share = 0.0
    reach: Annotated[float, Field(gt=0)] | None = None
    stratum: str | None = None
    marker_radius: Annotated[float, Field(gt=0)] = 0.02
    marker_color: tuple[float, float, float, float] = (0.1, 0.7, 0.2, 0.6)

    def build(self, env: Any) -> GoalPositionCommand:
        from genelab.mdp.goal_command import GoalPositionCommand

        return GoalPositionCommand(self, env)
