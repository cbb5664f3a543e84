"""What a synthesised clip is made from: a JSON file that names phases, keyframes and little else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError, model_validator

from genelab.utils.errors import UsageError
from genelab.utils.files import read_json

Keyframes = list[tuple[float, float]]


@dataclass(frozen=True)
class Phase:
    """A part of the way the feet take, one after the other.

    Attributes:
        kind: `"stand"`, or steps `"in_place"`, `"walk"` and `"turn"`.
        seconds: How long to stand.
        steps: Number of steps, left and right in turn.
        length: Way of each step along the heading, m.
        degrees: Turn of each step, to the left.
    """

    kind: Literal["stand", "in_place", "walk", "turn"]
    seconds: float = 0.0
    steps: int = 0
    length: float = 0.0
    degrees: float = 0.0


@dataclass(frozen=True)
class Oscillation:
    """A sine added to a joint's keyframes between two times, s; amplitude in rad, frequency in Hz."""

    joint: str
    start: float
    end: float
    amplitude: float
    frequency: float


@dataclass(frozen=True)
class Description:
    """A motion. Keyframes are pairs (time in s, value), joined by minimum-jerk curves and held at both ends.

    Attributes:
        robot: Its name.
        summary: One line.
        balance: `"static"`: the centre of mass stays above the feet; `"dynamic"`: the zero-moment point does.
        phases: What the feet do, from the origin, facing x.
        pelvis_height: Above the ground, m.
        fps: Frames per second.
        stance_width: Between the ankles, m.
        swing: Duration of a step's flight, s.
        shift: Duration with both feet on the ground between two steps, s.
        lift: Height of the swinging foot, m.
        pelvis_pitch: Forward lean of the pelvis, rad.
        joints: Keyframes of the joints above the legs, rad; the others keep the robot's default pose.
        oscillations: What is added to them.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # pyright: ignore[reportUnannotatedClassAttribute]

    robot: str
    summary: str
    balance: Literal["static", "dynamic"]
    phases: list[Phase]
    pelvis_height: Keyframes
    fps: float = 50.0
    stance_width: float = 0.24
    swing: float = 0.6
    shift: float = 0.4
    lift: float = 0.05
    pelvis_pitch: Keyframes = field(default_factory=lambda: [(0.0, 0.0)])
    joints: dict[str, Keyframes] = field(default_factory=dict)
    oscillations: list[Oscillation] = field(default_factory=list)

    @model_validator(mode="after")
    def _check_times(self) -> Description:
        named = {"pelvis_height": self.pelvis_height, "pelvis_pitch": self.pelvis_pitch, **self.joints}
        for name, keyframes in named.items():
            times = [time for time, _ in keyframes]
            if not times or any(later <= earlier for earlier, later in pairwise(times)):
                raise ValueError(f"{name}: the times of keyframes must increase, got {times}")
        if not self.phases:
            raise ValueError("phases: there is none")
        return self


def read_description(path: Path) -> Description:
    """Read a description.

    Raises:
        UsageError: if the file is missing or no JSON, or a field is unknown, missing or of the wrong type.
    """
    return parse_description(read_json(path), str(path))


def parse_description(value: Any, where: str) -> Description:
    """Return the description in a JSON value; see `read_description`."""
    try:
        return TypeAdapter(Description).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{place or 'description'}: {first['msg']}",
            where=where,
            fix="fields: " + ", ".join(Description.__dataclass_fields__),
        ) from error


def joint_names(description: Description) -> Sequence[str]:
    """Return the joints that the description moves."""
    return [*description.joints, *(one.joint for one in description.oscillations)]
