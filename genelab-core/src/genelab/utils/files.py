"""Files that are either whole or absent."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from genelab.utils.errors import GenelabError, UsageError


@contextmanager
def atomic_path(path: str | os.PathLike[str], *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path in the same folder; on success it replaces `path`, on any error it is removed.

    Args:
        path: File to write or replace.
        durable: Wait until the disk has it; not needed for what is written anew every second.

    Raises:
        GenelabError: when the disk is full, the folder cannot be written, or another OS error occurs.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix)
        os.close(handle)
        Path(name).chmod(0o644)
    except OSError as error:
        raise _cannot_write(target, error) from error
    temporary = Path(name)
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
        temporary.replace(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _cannot_write(path: Path, error: OSError) -> GenelabError:
    return GenelabError(
        f"cannot write {path.name}: {error.strerror or error}",
        where=str(path.parent),
        fix="free some space or choose another folder; files written before are intact",
    )


def write_text(path: str | os.PathLike[str], text: str, *, durable: bool = True) -> None:
    """Write `text` atomically; `durable` as for `atomic_path`."""
    with atomic_path(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike[str], value: Any, *, durable: bool = True) -> None:
    """Write `value` as JSON atomically; a NaN or infinity is a `ValueError`, because JSON has none."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n", durable=durable)


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        UsageError: if it is missing or not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no such file: {path}") from None
    except (ValueError, OSError) as error:
        raise UsageError(f"cannot read {Path(path).name}: {error}", where=str(path)) from error


def read_record(path: str | os.PathLike[str], keys: Iterable[str], *, fix: str = "") -> dict[str, Any]:
    """Read a JSON file that holds an object with these keys, and perhaps others.

    Raises:
        UsageError: if it is missing, not JSON, or lacks some of them; `fix` says what to do about the last.
    """
    value = read_json(path)
    missing = [key for key in keys if not isinstance(value, dict) or key not in value]
    if missing:
        raise UsageError(f"{Path(path).name} has no {', '.join(missing)}", where=str(path), fix=fix)
    return value


def check_output(path: str | os.PathLike[str], *, force: bool = False, option: str = "--out") -> None:
    """Make sure that `path` can be written later, before the work whose result goes there begins.

    Args:
        path: File or folder that will be written.
        force: It may exist.
        option: What names it on the command line, for the message.

    Raises:
        UsageError: if it exists and `force` is not given, or its folder cannot be made or written.
    """
    if Path(path).exists() and not force:
        raise UsageError(f"{path} exists already", fix=f"choose another {option}, or pass --force to replace it")
    above = next(parent for parent in Path(path).absolute().parents if parent.exists())
    if not above.is_dir():
        raise UsageError(f"cannot write {path}: {above} is a file", fix=f"choose another {option}")
    if not os.access(above, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write {path}: no permission to write in {above}", fix=f"choose another {option}")


def sha256_file(path: str | os.PathLike[str]) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Return the hexadecimal SHA-256 of a JSON value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
