"""Writes `shadow_hand_gestures.npz`, when run as `python -m genelab_tasks_manipulation.playback.record_gestures`.

The recording is made of poses of the whole hand, half a second apart, smoothed and sampled at 20 Hz.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genelab.utils.files import atomic_path
from genelab_tasks_manipulation.playback.shadow_hand import gestures

FPS = 20
SECONDS_PER_POSE = 0.5
FINGERS = ("index", "middle", "ring", "little")


def joint_names() -> tuple[str, ...]:
    """Return the joints of the hand: wrist, thumb, fingers from knuckle to tip."""
    names = ["forearm_joint", "wrist_joint", *(f"thumb_joint{i}" for i in range(1, 6))]
    for finger in FINGERS:
        names += [f"{finger}_finger_joint{i}" for i in range(1, 6 if finger == "little" else 5)]
    return tuple(names)


def pose(thumb: float = 0.0, wrist: float = 0.0, spread: float = 0.0, **curls: float) -> dict[str, float]:
    """Return joint positions, rad.

    Args:
        thumb: How far the thumb lies across the palm, 0 to 1.
        wrist: Angle of the wrist, rad.
        spread: Angle between neighbouring fingers, rad.
        curls: How far each named finger is bent, 0 to 1.
    """
    values = dict.fromkeys(joint_names(), 0.0)
    values["wrist_joint"] = wrist
    values |= {"thumb_joint1": 0.6 * thumb, "thumb_joint2": 1.1 * thumb, "thumb_joint5": 0.9 * thumb}
    for place, finger in enumerate(FINGERS):
        first = 2 if finger == "little" else 1
        curl = curls.get(finger, 0.0)
        values[f"{finger}_finger_joint{first}"] = spread * (place - 1.5) / 1.5
        for joint in range(first + 1, first + 4):
            values[f"{finger}_finger_joint{joint}"] = 1.45 * curl
    return values


def poses() -> list[dict[str, float]]:
    """Return the sequence: open, fist, open and spread, the fingers one after the other, pinches, a nod."""
    fist = dict.fromkeys(FINGERS, 1.0)
    sequence = [pose(), pose(thumb=1.0, **fist), pose(thumb=1.0, **fist), pose(spread=0.25), pose()]
    sequence += [pose(**{finger: 1.0}) for finger in FINGERS]
    sequence += [pose(thumb=1.0, **{finger: 0.55}) for finger in FINGERS]
    return [*sequence, pose(wrist=0.4), pose(wrist=-0.5), pose()]


def record() -> None:
    """Write the file that this package ships."""
    names = joint_names()
    keys = np.array([[key[name] for name in names] for key in poses()])
    per_pose = int(FPS * SECONDS_PER_POSE)
    share = 0.5 - 0.5 * np.cos(np.pi * np.arange(per_pose) / per_pose)  # at rest in each pose
    following = np.roll(keys, -1, axis=0)
    positions = (keys[:, None] + share[:, None] * (following - keys)[:, None]).reshape(-1, len(names))
    with atomic_path(Path(gestures())) as temporary, temporary.open("wb") as handle:
        np.savez(handle, joint_names=np.array(names), positions=positions.astype(np.float32), fps=np.array(float(FPS)))


if __name__ == "__main__":
    record()
