"""Values over time from a few of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def ease(share: np.ndarray) -> np.ndarray:
    """Return the way along a minimum-jerk motion: 0 to 1 with neither speed nor acceleration at both ends."""
    share = np.clip(share, 0.0, 1.0)
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


def bump(share: np.ndarray) -> np.ndarray:
    """Return 0 to 1 and back to 0, with neither speed nor acceleration at both ends."""
    share = np.clip(share, 0.0, 1.0)
    return (4.0 * share * (1.0 - share)) ** 3


def interpolate(time: np.ndarray, keyframes: Sequence[Sequence[float]]) -> np.ndarray:
    """Return a value for each of `time` s, at rest at each keyframe (time, value); held before the first and after."""
    times, values = (np.array(column, dtype=np.float64) for column in zip(*keyframes, strict=True))
    result = np.full(len(time), values[0])
    for i in range(1, len(times)):
        result += (values[i] - values[i - 1]) * ease((time - times[i - 1]) / (times[i] - times[i - 1]))
    return result


def oscillate(time: np.ndarray, start: float, end: float, frequency: float, amplitude: float) -> np.ndarray:
    """Return a sine between `start` and `end` s that grows and fades within a half period, 0 elsewhere."""
    fade = 0.5 / frequency
    envelope = ease((time - start) / fade) * ease((end - time) / fade)
    return amplitude * envelope * np.sin(2.0 * np.pi * frequency * (time - start))
