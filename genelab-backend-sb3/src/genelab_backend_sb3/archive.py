"""`model.zip` files: written as the library writes them, read without executing anything that they hold.

The library itself unpickles the member `data` when it loads a model. Here only the members with tensors are read, with
`weights_only`, the statistics of observations, with `allow_pickle=False`, and JSON.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genelab.rl.checkpoint import load_tensors, meta_path, open_checkpoint, write_meta
from genelab.utils.errors import GenelabError
from genelab.utils.files import atomic_path
from genelab_backend_sb3.normalizer_file import NORMALIZER, pack_statistics, put_statistics, read_statistics

_INFO = "genelab.json"
_LARGEST = 2**31
"""Bytes that all members that are read may have together, so that a small file cannot fill the memory."""


@dataclass
class Archive:
    """What a model file holds.

    Attributes:
        path: The file.
        weights: State dicts of networks and optimisers by name (`"policy"`, `"policy.optimizer"`, …), on the CPU.
        variables: Tensors outside the networks by name, such as SAC's entropy coefficient.
        info: `algorithm`, `env_steps` and `pair`; for a file of the library itself only `env_steps`.
        meta: The sidecar.
    """

    path: Path
    weights: dict[str, dict[str, Any]]
    variables: dict[str, Any]
    info: dict[str, Any]
    meta: dict[str, Any]


def write_archive(path: Path, model: Any, info: dict[str, Any], meta: dict[str, Any]) -> None:
    """Write a model and its sidecar, atomically; the library's own `load` reads it too.

    Args:
        path: File to write or replace.
        model: The library's algorithm.
        info: Plain values that go into the file.
        meta: Plain values that go into the sidecar.
    """
    buffer = io.BytesIO()  # in memory first, so that a full disk shows as what it is
    model.save(buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(_INFO, json.dumps(info))
        statistics = pack_statistics(model.policy)
        if statistics is not None:
            archive.writestr(NORMALIZER, statistics)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())
        meta_path(path).unlink(missing_ok=True)
    write_meta(path, meta)


def read_archive(path: Path) -> Archive:
    """Read a model file of this backend, or of the library itself.

    Raises:
        UsageError: if there is no such file.
        GenelabError: if it is truncated, is no such file, differs from its sidecar, or a member that should hold
            tensors holds anything else.
    """
    path = Path(path)
    meta = open_checkpoint(path).metadata
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = [item for item in archive.infolist() if item.filename.endswith((".pth", ".json", ".npz"))]
            wanted += [item for item in archive.infolist() if item.filename == "data"]
            size = sum(item.file_size for item in wanted)
            if size > _LARGEST:
                raise GenelabError(f"{path.name} unpacks to {size} bytes, more than any model has", where=str(path))
            members = {item.filename: archive.read(item) for item in wanted}
        info = _info(members)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        raise GenelabError(
            f"{path.name} is not a checkpoint, or only a part of one",
            where=f"{path}: {error}",
            fix="use another checkpoint of the run",
        ) from error
    if "policy.pth" not in members:
        holds = ", ".join(list(members)[:6]) or "none of its members"
        raise GenelabError(
            f"{path.name} is not a checkpoint of sb3: it lacks policy.pth",
            where=f"{path} holds {holds}",
            fix="name a model_<steps>_steps.zip that this backend wrote, or the --backend that wrote this file",
        )
    tensors = {
        name.removesuffix(".pth"): load_tensors(io.BytesIO(content), f"{name} in {path.name}", str(path))
        for name, content in members.items()
        if name.endswith(".pth")
    }
    if NORMALIZER in members:
        put_statistics(tensors["policy"], read_statistics(members[NORMALIZER], path, _LARGEST), path)
    return Archive(path, tensors, tensors.pop("pytorch_variables", None) or {}, info, meta)


def _info(members: dict[str, bytes]) -> dict[str, Any]:
    """Return what the file says of itself, as far as it is plain JSON."""
    if _INFO in members:
        return dict(json.loads(members[_INFO]))
    data = json.loads(members.get("data", b"{}"))
    steps = data.get("num_timesteps") if isinstance(data, dict) else None
    return {"env_steps": steps} if isinstance(steps, int) else {}
