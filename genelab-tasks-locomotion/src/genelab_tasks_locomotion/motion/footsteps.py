"""Where the feet are over time, and where the robot's weight should be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from genelab_tasks_locomotion.motion.description import Description, Phase
from genelab_tasks_locomotion.motion.keyframes import bump, ease

LEFT, RIGHT = 0, 1


@dataclass(frozen=True)
class Footsteps:
    """Two feet on flat ground, left and right.

    Attributes:
        time: `(num_frames,)`, s.
        place: Ankles on the ground plane and headings, x, y, yaw, `(num_frames, 2, 3)`.
        lift: Height of the feet over the ground, `(num_frames, 2)`, m.
        planted: `(num_frames, 2)`.
        load: Share of the weight on the left foot, `(num_frames,)`.
    """

    time: np.ndarray
    place: np.ndarray
    lift: np.ndarray
    planted: np.ndarray
    load: np.ndarray


@dataclass(frozen=True)
class _Step:
    foot: int
    start: float
    end: float
    before: np.ndarray
    after: np.ndarray


def plan_footsteps(description: Description) -> Footsteps:
    """Return the feet of a description's phases, every step `shift` s after the one before."""
    half = 0.5 * description.stance_width
    body = np.zeros(3)
    feet = [_beside(body, half), _beside(body, -half)]
    first = np.stack(feet)
    steps: list[_Step] = []
    loads: list[tuple[float, float, float]] = []  # from when, until when, to which load
    now, foot = 0.0, LEFT
    for index, phase in enumerate(description.phases):
        if phase.kind == "stand":
            now += phase.seconds
            continue
        for step in range(phase.steps):
            body = _moved(body, phase, last=step == phase.steps - 1)
            start = now + description.shift
            loads.append((now, start, 0.0 if foot == LEFT else 1.0))
            after = _beside(body, half if foot == LEFT else -half)
            steps.append(_Step(foot, start, start + description.swing, feet[foot], after))
            feet[foot], foot, now = after, 1 - foot, start + description.swing
        following = description.phases[index + 1 : index + 2]
        if not following or following[0].kind == "stand":
            loads.append((now, now + description.shift, 0.5))
            now += description.shift
    return _sample(np.arange(math.floor(now * description.fps + 1e-9) + 1) / description.fps, first, steps, loads)


def _moved(body: np.ndarray, phase: Phase, *, last: bool) -> np.ndarray:
    """Return where the body stands after a step; the last one of a phase only draws the other foot beside it."""
    if last:
        return body
    x, y, yaw = body
    yaw += math.radians(phase.degrees)
    return np.array([x + phase.length * math.cos(yaw), y + phase.length * math.sin(yaw), yaw])


def _beside(body: np.ndarray, offset: float) -> np.ndarray:
    x, y, yaw = body
    return np.array([x - offset * math.sin(yaw), y + offset * math.cos(yaw), yaw])


def _sample(
    time: np.ndarray, first: np.ndarray, steps: list[_Step], loads: list[tuple[float, float, float]]
) -> Footsteps:
    place = np.tile(first, (len(time), 1, 1))
    lift = np.zeros((len(time), 2))
    planted = np.ones((len(time), 2), dtype=bool)
    for step in steps:
        share = (time - step.start) / (step.end - step.start)
        place[:, step.foot] += (step.after - step.before) * ease(share)[:, None]
        lift[:, step.foot] += bump(share)
        planted[:, step.foot] &= (share <= 0.0) | (share >= 1.0)
    load, before = np.full(len(time), 0.5), 0.5
    for start, end, after in loads:
        load += (after - before) * ease((time - start) / (end - start))
        before = after
    return Footsteps(time, place, lift, planted, load)
