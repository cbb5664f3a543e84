"""One process at a time in a run directory."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from genelab.utils.errors import UsageError

LOCK_FILE = ".lock"


class RunLock:
    """Holds a run directory for this process, as a context manager.

    The operating system's advisory lock decides, and it ends with the process that holds it: a run that was killed
    leaves no stale lock. The file's content (process id, host, start) only serves the message.

    Raises (on entry):
        UsageError: when another process holds the directory.
    """

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / LOCK_FILE
        self._descriptor: int | None = None

    def __enter__(self) -> RunLock:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 4096, 0).decode()
            os.close(descriptor)
            raise UsageError(
                f"another training is writing here: {describe_holder(holder)}",
                where=str(self.path.parent),
                fix="wait for it, stop it, or train into another --log-dir",
            ) from None
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat()})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def describe_holder(text: str) -> str:
    """Return the lock file's content as words; the holder may be between locking and writing it."""
    try:
        holder = json.loads(text)
    except ValueError:
        return "a process that has only just started"
    return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
