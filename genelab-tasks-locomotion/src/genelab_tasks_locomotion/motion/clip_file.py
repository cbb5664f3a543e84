"""Motion clips as `.npz` files without pickle."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import atomic_path
from genelab.utils.lazy import numpy as np
from genelab.utils.names import nearest
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.shapes import check_shapes, check_values

ARRAYS = ("joint_pos", "joint_vel", "body_pos", "body_quat", "body_lin_vel", "body_ang_vel")
FORMAT_VERSION = 1
_KEYS = ("version", "fps", "joint_names", "body_names", *ARRAYS, "foot_names", "foot_planted", "metadata")
_RATE_TOLERANCE = 1e-6
_POSITION_GRID, _VELOCITY_GRID = 2.0**-17, 2.0**-12
"""Numbers in files are multiples of these, which halves the files: 8 µm or µrad, and 0.24 mm/s or mrad/s."""


def write_clip(path: Path, clip: MotionClip) -> None:
    """Write a clip, numbers as float32 and rounded to far below what a robot can do; the file appears when it is whole.

    Raises:
        UsageError: if the suffix is not `.npz`, or the clip's arrays do not fit one another.
    """
    check_clip_path(path)
    check_shapes(clip, str(path))
    arrays: dict[str, Any] = {name: _rounded(getattr(clip, name), name) for name in ARRAYS}
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            version=np.array(FORMAT_VERSION),
            fps=np.array(clip.fps, dtype=np.float64),
            joint_names=np.array(clip.joint_names, dtype=np.str_),
            body_names=np.array(clip.body_names, dtype=np.str_),
            foot_names=np.array(clip.foot_names, dtype=np.str_),
            foot_planted=clip.foot_planted,
            metadata=np.array(json.dumps(clip.metadata)),
            **arrays,
        )


def _rounded(values: np.ndarray, name: str) -> np.ndarray:
    grid = _VELOCITY_GRID if name.endswith("vel") else _POSITION_GRID
    return (np.round(values / grid) * grid + 0.0).astype(np.float32)  # + 0.0 makes −0 a 0


def check_clip_path(path: Path) -> Path:
    """Return `path`; raise `UsageError` if its suffix is not `.npz`."""
    if path.suffix != ".npz":
        raise UsageError(f"cannot write a clip as {path.suffix or 'a file without suffix'}: {path}", fix="name it .npz")
    return path


def read_clip(
    path: Path,
    *,
    joint_names: Sequence[str] | None = None,
    body_names: Sequence[str] | None = None,
    fps: float | None = None,
) -> MotionClip:
    """Read a clip.

    Args:
        path: The file.
        joint_names: The order in which joints are wanted, all of the clip's; its own order if omitted.
        body_names: The links that are wanted, in order; all if omitted.
        fps: The rate that it must have.

    Raises:
        UsageError: if there is no such file, or it has other joints, links or another rate than is asked for.
        GenelabError: if it is no clip, holds pickled objects, NaN or non-unit quaternions: with the frame and column.
    """
    entries = _entries(path)
    clip = MotionClip(
        fps=float(entries["fps"]),
        joint_names=tuple(str(name) for name in entries["joint_names"]),
        body_names=tuple(str(name) for name in entries["body_names"]),
        foot_names=tuple(str(name) for name in entries["foot_names"]),
        foot_planted=entries["foot_planted"].astype(bool),
        metadata=json.loads(str(entries["metadata"])),
        **{name: entries[name].astype(np.float64) for name in ARRAYS},
    )
    check_shapes(clip, str(path))
    check_values(clip, str(path))
    clip = replace(clip, body_quat=clip.body_quat / np.linalg.norm(clip.body_quat, axis=-1, keepdims=True))
    if fps is not None and abs(clip.fps - fps) > _RATE_TOLERANCE * fps:
        raise UsageError(
            f"the clip has {clip.fps:g} frames per second, wanted are {fps:g}",
            where=str(path),
            fix=f"genelab motion cut {path.name} OUT.npz --to-fps {fps:g}",
        )
    return reordered(clip, joint_names, body_names, str(path))


def _entries(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise UsageError(f"no such clip: {path}", fix="give a file, or the name of a shipped clip")
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in _KEYS if key not in archive.files]
            if missing:
                raise GenelabError(
                    f"this is no motion clip: it has no array {missing[0]!r}",
                    where=str(path),
                    fix="genelab motion convert makes one from CSV",
                )
            entries = {key: archive[key] for key in _KEYS}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        pickled = "pickle" in str(error)
        what = "the clip holds pickled objects, which could run code" if pickled else f"cannot read the clip: {error}"
        fix = "save plain arrays of numbers and names" if pickled else "is it an .npz file?"
        raise GenelabError(what, where=str(path), fix=fix) from error
    if int(entries["version"]) != FORMAT_VERSION:
        raise GenelabError(
            f"the clip has format version {int(entries['version'])}, this GeneLab reads {FORMAT_VERSION}",
            where=str(path),
            fix="write it anew with this version's genelab motion",
        )
    return entries


def reordered(
    clip: MotionClip, joint_names: Sequence[str] | None, body_names: Sequence[str] | None, where: str
) -> MotionClip:
    """Return the clip with its columns in the order of these names.

    Raises:
        UsageError: for a name that it does not have (with the nearest), or another number of joints.
    """
    joints = _indices("joint", clip.joint_names, joint_names, where)
    bodies = _indices("body", clip.body_names, body_names, where)
    if len(joints) != len(clip.joint_names):
        raise UsageError(
            f"the clip has {len(clip.joint_names)} joints, wanted are {len(joints)}",
            where=where,
            fix="a clip belongs to one robot: choose the one it was made for",
        )
    return MotionClip(
        fps=clip.fps,
        joint_names=tuple(clip.joint_names[i] for i in joints),
        body_names=tuple(clip.body_names[i] for i in bodies),
        joint_pos=clip.joint_pos[:, joints],
        joint_vel=clip.joint_vel[:, joints],
        body_pos=clip.body_pos[:, bodies],
        body_quat=clip.body_quat[:, bodies],
        body_lin_vel=clip.body_lin_vel[:, bodies],
        body_ang_vel=clip.body_ang_vel[:, bodies],
        foot_names=clip.foot_names,
        foot_planted=clip.foot_planted,
        metadata=clip.metadata,
    )


def _indices(kind: str, have: Sequence[str], wanted: Sequence[str] | None, where: str) -> list[int]:
    if wanted is None:
        return list(range(len(have)))
    for name in wanted:
        if name not in have:
            close = nearest(name, have)
            raise UsageError(
                f"the clip has no {kind} {name!r}",
                where=where,
                fix=f"nearest in the clip: {', '.join(close)}" if close else f"it has {', '.join(have[:6])}, …",
            )
    return [have.index(name) for name in wanted]
