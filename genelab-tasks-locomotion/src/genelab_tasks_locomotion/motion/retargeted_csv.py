"""Retargeted motion capture as CSV: root x y z, quaternion x y z w, then the joints, one row a frame, no heading.

That is the layout of the retargeted LAFAN1 data set for Unitree's robots; joints stand in the order of the MJCF.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genelab.utils.errors import GenelabError, UsageError
from genelab_tasks_locomotion.motion.shapes import UNIT_TOLERANCE

ROOT_COLUMNS = ("root x", "root y", "root z", "root qx", "root qy", "root qz", "root qw")


def read_csv(path: Path, joint_names: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return root positions `(num_frames, 3)`, orientations (w, x, y, z) `(num_frames, 4)` and joint positions.

    Raises:
        UsageError: if there is no such file.
        GenelabError: for a row of another length, a cell that is no finite number, a quaternion not of length 1; rows
            and columns are counted from 1, as in an editor.
    """
    if not path.is_file():
        raise UsageError(f"no such file: {path}")
    columns = (*ROOT_COLUMNS, *joint_names)
    lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    rows = [_numbers(row, number, columns, path) for number, row in enumerate(csv.reader(lines), start=1)]
    if len(rows) < 3:
        raise GenelabError(f"{len(rows)} rows, velocities need 3", where=str(path))
    table = np.array(rows)
    quat = table[:, [6, 3, 4, 5]]
    lengths = np.linalg.norm(quat, axis=1)
    bad = np.flatnonzero(np.abs(lengths - 1.0) > UNIT_TOLERANCE)
    if len(bad):
        raise GenelabError(
            f"the quaternion has length {lengths[bad[0]]:.4g}, expected 1",
            where=f"{path}, row {bad[0] + 1}, columns 4 to 7 ({', '.join(ROOT_COLUMNS[3:])})",
            fix="columns are root x y z, quaternion x y z w, joints",
        )
    return table[:, :3], quat / lengths[:, None], table[:, 7:]


def _numbers(row: list[str], number: int, columns: Sequence[str], path: Path) -> list[float]:
    if len(row) != len(columns):
        raise GenelabError(
            f"{len(row)} columns, expected {len(columns)}: 7 of the root and {len(columns) - 7} joints",
            where=f"{path}, row {number}",
            fix="choose the robot for which the motion was retargeted with --robot",
        )
    values = []
    for column, (name, cell) in enumerate(zip(columns, row, strict=True), start=1):
        try:
            value = float(cell)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise GenelabError(
                f"{cell.strip()!r} is no finite number",
                where=f"{path}, row {number}, column {column} ({name})",
                fix="the file has no heading; repair or remove the row",
            )
        values.append(value)
    return values
