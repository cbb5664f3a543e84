"""Files of demonstrations: NPZ without pickle, arrays `(steps, num_envs, …)`.

* `obs_<group>` and `next_obs_<group>`, float32, for each observation group, as in training (after scale and clip);
  where an episode ends, `next_obs_<group>` is the terminal observation, before the reset;
* `actions` float32 in the units of the environment, `rewards` float32;
* `dones` for the last step of an episode, `truncateds` for those among them that the time limit ended, bool;
* `about`: JSON text with the task, the layout of the observations, how they were recorded, and a hash of the arrays.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from genelab.managers.observation_layout import ObservationLayout
from genelab.utils.errors import UsageError
from genelab.utils.files import atomic_path

FORMAT = 1
ABOUT = "about"


def write_demonstrations(path: Path, arrays: dict[str, np.ndarray], about: dict[str, Any]) -> None:
    """Write `arrays` and what is to be known `about` them; the file appears when it is whole."""
    described = {"format": FORMAT, **about, "sha256": arrays_sha256(arrays)}
    members: dict[str, Any] = {ABOUT: np.array(json.dumps(described, allow_nan=False)), **arrays}
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        np.savez_compressed(handle, **members)


def read_demonstration_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays of a file by name, and what the file says about them; empty for a file from elsewhere.

    Raises:
        UsageError: if there is no such file, it is truncated, it holds pickled objects, or its arrays are not those
            that were written.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name != ABOUT}
            about = json.loads(str(file[ABOUT])) if ABOUT in file.files else {}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path.name} is no file of demonstrations", where=f"{path}: {error}") from error
    if "sha256" in about and about["sha256"] != arrays_sha256(arrays):
        raise UsageError(
            f"{path.name} was changed after it was written: its arrays do not match the recorded SHA-256",
            where=str(path),
            fix="record the demonstrations again",
        )
    return arrays, about


def arrays_sha256(arrays: dict[str, np.ndarray]) -> str:
    """Return a hash of names, types, shapes and values of arrays, independent of their order."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def require_demonstrated_layout(
    name: str, about: dict[str, Any], layout: ObservationLayout, groups: tuple[str, ...]
) -> None:
    """Refuse demonstrations with other observations than an environment gives.

    Args:
        name: The file's, for the message.
        about: What the file says; without a layout in it nothing is compared.
        layout: The environment's.
        groups: Groups that are used.

    Raises:
        UsageError: with the terms that differ.
    """
    if "observation_layout" not in about:
        return
    recorded = ObservationLayout.from_json(about["observation_layout"])
    lines = [f"group {group}: only in the environment" for group in groups if group not in recorded.groups]
    lines = lines or recorded.select(groups).diff(layout.select(groups))
    if lines:
        raise UsageError(
            f"{name} has other observations (demonstrations against environment):\n    " + "\n    ".join(lines),
            where=f"recorded in {about['task']}",
            fix="record demonstrations of this task: genelab demos collect",
        )
