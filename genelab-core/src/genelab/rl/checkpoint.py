"""Checkpoint files: written whole, described by a JSON file beside them, read without executing anything.

`<path>` holds tensors and plain values only; `<path>.meta.json` says what it is (backend, task, iteration, observation
layout, versions) and what it must hash to, so that nobody has to open a file to know what it holds.
"""

from __future__ import annotations

import pickle
import platform
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from genelab.managers.observation_layout import ObservationLayout
from genelab.utils.errors import GenelabError, UsageError, first_line
from genelab.utils.files import atomic_path, read_json, sha256_file, write_json
from genelab.utils.lazy import torch

META_SUFFIX = ".meta.json"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file of any kind, found as it was written.

    Attributes:
        path: The file.
        metadata: What its sidecar says; empty when there is none, as for a checkpoint from elsewhere.
        sha256: Of the file.
    """

    path: Path
    metadata: dict[str, Any]
    sha256: str


def save_checkpoint(path: Path, payload: dict[str, Any], meta: dict[str, Any]) -> None:
    """Write `path` and its sidecar. Whenever the process dies, `path` is either the old file or the new one, loadable.

    Args:
        path: File to write or replace.
        payload: Tensors, numbers, strings, and dicts, lists and tuples of them.
        meta: Plain JSON values. `sha256`, `size` and `versions` are added.

    Raises:
        GenelabError: if the payload holds anything else (it could not be loaded again), or the file cannot be written.
    """
    save_tensors(path, payload)
    write_meta(path, meta)


def save_tensors(path: Path, payload: dict[str, Any]) -> None:
    """Write `path` alone, atomically; what an old sidecar says of it is removed first. Raises as `save_checkpoint`."""
    _require_plain(payload, Path(path).name)
    with atomic_path(path) as temporary:
        with temporary.open("wb") as handle:
            _write(payload, handle)
        meta_path(path).unlink(missing_ok=True)


def write_meta(path: Path, meta: dict[str, Any]) -> None:
    """Write the sidecar of an existing checkpoint file of any kind."""
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "genelab-core": version("genelab-core"),
    }
    described = {
        **meta,
        "versions": {**versions, **meta.get("versions", {})},
        "size": Path(path).stat().st_size,
        "sha256": sha256_file(path),
    }
    write_json(meta_path(path), described)


def meta_path(path: Path) -> Path:
    """Return where the sidecar of `path` lies."""
    return Path(f"{path}{META_SUFFIX}")


def read_meta(path: Path) -> dict[str, Any]:
    """Return what the sidecar of `path` says; empty when there is none, as for a checkpoint from elsewhere.

    Raises:
        UsageError: if there is a sidecar but it is not a JSON object.
    """
    sidecar = meta_path(path)
    if not sidecar.exists():
        return {}
    meta = read_json(sidecar)
    if not isinstance(meta, dict):
        raise UsageError(f"{sidecar.name} is not a JSON object", where=str(sidecar))
    return meta


def load_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a checkpoint onto the CPU; code that the file may hold is not executed.

    Returns:
        The payload, and what `read_meta` returns.

    Raises:
        UsageError: if there is no such file.
        GenelabError: if it is truncated, is no checkpoint, holds anything but tensors and plain values, or differs from
            what its sidecar says.
    """
    path = Path(path)
    opened = open_checkpoint(path)
    payload = load_tensors(path, path.name, str(path))
    if not isinstance(payload, dict):
        raise GenelabError(f"{path.name} is not a checkpoint: it holds a {type(payload).__name__}", where=str(path))
    return payload, dict(opened.metadata)


def load_tensors(source: Path | BinaryIO, name: str, where: str) -> Any:
    """Read what `torch.save` wrote onto the CPU, without executing anything that it holds.

    Args:
        source: A file.
        name: What it is called in messages.
        where: Where it lies, for messages.

    Raises:
        GenelabError: if it is truncated or holds anything but tensors and plain values.
    """
    try:
        return torch.load(source, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise GenelabError(
            f"{name} is refused: it is not a file of tensors and plain values; nothing of it was executed",
            where=f"{where}: {_reason(error)}",
            fix="use a checkpoint that genelab wrote",
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise GenelabError(
            f"{name} is not a checkpoint, or only a part of one",
            where=f"{where}: {_reason(error)}",
            fix="use another checkpoint of the run",
        ) from error


def open_checkpoint(path: Path) -> Checkpoint:
    """Compare a checkpoint file of any kind with its sidecar, if it has one.

    A file is opened before the simulator starts and loaded by its backend afterwards: it is hashed once, unless it was
    replaced in between.

    Raises:
        UsageError: if there is no such file.
        GenelabError: if size or hash differ.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"no such checkpoint: {path}")
    return _opened(path, _version(path), _version(meta_path(path)))


def _version(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is replaced or written to; `None` where there is none."""
    if not path.exists():
        return None
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=8)
def _opened(path: Path, file: object, sidecar: object) -> Checkpoint:
    """Open `path`; the two versions tell apart what it held at different times."""
    meta = read_meta(path)
    size = path.stat().st_size
    if "size" in meta and size != meta["size"]:
        kind = "truncated" if size < meta["size"] else "longer than it was written"
        raise GenelabError(
            f"{path.name} is {kind}: {size} bytes instead of {meta['size']}",
            where=str(path),
            fix="use another checkpoint; without this file the run resumes from the one before",
        )
    sha256 = sha256_file(path)
    if meta.get("sha256", sha256) != sha256:
        raise GenelabError(
            f"{path.name} was changed after it was written: its SHA-256 is not the recorded one",
            where=str(path),
            fix=f"use another checkpoint; if the change is yours, remove {meta_path(path).name}",
        )
    return Checkpoint(path, meta, sha256)


def require_layout(path: Path, meta: dict[str, Any], layout: ObservationLayout, groups: tuple[str, ...]) -> None:
    """Refuse a checkpoint whose actor was trained on other observations than an environment gives.

    Args:
        path: The checkpoint, for the message.
        meta: Its sidecar; without `"observation_layout"` in it nothing is compared.
        layout: The environment's.
        groups: Groups that the actor reads.

    Raises:
        GenelabError: with the terms that differ.
    """
    if "observation_layout" not in meta:
        return
    trained = ObservationLayout.from_json(meta["observation_layout"])
    missing = [name for name in groups if name not in trained.groups]
    lines = [f"group {name}: only in the environment" for name in missing]
    if not missing:
        lines = trained.select(groups).diff(layout.select(groups))
    if lines:
        raise GenelabError(
            f"{path.name} was trained on other observations (checkpoint against environment):\n    "
            + "\n    ".join(lines),
            where=str(path),
            fix=f"use the task it was trained on: {meta['task']}" if "task" in meta else None,
        )


def load_weights(model: torch.nn.Module, weights: Any, what: str, path: Path) -> None:
    """Copy `weights` into `model`; all of them or none.

    Args:
        model: The network.
        weights: Tensors by name.
        what: `"actor"`, say, for the message.
        path: The file they are from, for the message.

    Raises:
        GenelabError: with the names and shapes that do not fit.
    """
    here = model.state_dict()
    if not isinstance(weights, dict) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise GenelabError(f"{path.name} holds no weights for the {what}", where=str(path))
    lines = [f"{name}: only in this agent" for name in here if name not in weights]
    lines += [f"{name}: only in the file" for name in weights if name not in here]
    lines += [
        f"{name}: {tuple(weights[name].shape)} in the file, {tuple(here[name].shape)} in this agent"
        for name in here
        if name in weights and weights[name].shape != here[name].shape
    ]
    if lines:
        raise GenelabError(
            f"the {what} of {path.name} has other widths than this agent:\n    " + "\n    ".join(lines),
            where=str(path),
            fix="use the task and the network sizes that it was trained with (params/agent.json of its run)",
        )
    model.load_state_dict(weights)


def _write(payload: dict[str, Any], handle: BinaryIO) -> None:
    """Serialise to a file object; raises the `OSError` of a failed write, which torch hides behind another error."""
    try:
        torch.save(payload, handle)
    except RuntimeError as error:
        raise error.__context__ if isinstance(error.__context__, OSError) else error from None


def _require_plain(value: Any, where: str) -> None:
    """Raise unless `value`, at `where` in the payload, can be loaded again with `weights_only=True`."""
    if isinstance(value, dict):
        for key, item in value.items():
            _require_plain(key, f"key {key!r} of {where}")
            _require_plain(item, f"{where}[{key!r}]")
    elif type(value) in (list, tuple):
        for index, item in enumerate(value):
            _require_plain(item, f"{where}[{index}]")
    elif not (value is None or isinstance(value, torch.Tensor) or type(value) in (bool, int, float, str)):
        raise GenelabError(
            f"a {type(value).__name__} cannot be part of a checkpoint",
            where=where,
            fix="write tensors, numbers, strings, and dicts, lists and tuples of them",
        )


def _reason(error: Exception) -> str:
    """Return the telling line of a loader's long message."""
    found = re.search(r"WeightsUnpickler error: (.*)", str(error))
    return (found[1] if found else first_line(error))[:200]


__all__ = [
    "Checkpoint",
    "load_checkpoint",
    "load_tensors",
    "load_weights",
    "meta_path",
    "open_checkpoint",
    "read_meta",
    "require_layout",
    "save_checkpoint",
    "save_tensors",
    "write_meta",
]
