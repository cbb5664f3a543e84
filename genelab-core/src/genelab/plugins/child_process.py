"""Measurements in processes of their own: a fresh interpreter that runs one function and hands back JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genelab.plugins.catalog import discovered
from genelab.utils.errors import GenelabError
from genelab.utils.files import read_json, write_json
from genelab.utils.references import resolve


class Child:
    """A process that calls `reference(**arguments)` and returns its plain JSON result.

    It loads the same plugins as this process and writes its messages to a file that is shown when it fails.

    Args:
        reference: `"package.module:function"`.
        arguments: Keyword arguments, plain JSON.
        environment: Variables to set on top of the present ones.
    """

    def __init__(self, reference: str, arguments: dict[str, Any], environment: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="genelab-")
        folder = Path(self._folder.name)
        self._request, self._answer, self._messages = folder / "request", folder / "answer", folder / "messages"
        write_json(self._request, {"reference": reference, "arguments": arguments})
        with self._messages.open("wb") as messages:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "genelab.plugins.child_process", str(self._request), str(self._answer)],
                env={**os.environ, **discovered().child_environment(), **(environment or {})},
                stdout=messages,
                stderr=subprocess.STDOUT,
            )

    def result(self) -> Any:
        """Wait for the result.

        Raises:
            GenelabError: if the process fails, with what it said.
        """
        try:
            status = self._process.wait()
            if status != 0:
                said = self._messages.read_text(errors="replace").strip().splitlines()
                raise GenelabError(
                    f"a child process ended with status {status}", where="\n    ".join(["it said:", *said[-12:]])
                )
            return read_json(self._answer)
        finally:
            self.close()

    def close(self) -> None:
        """End the process if it still runs, and remove its files."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


def _main(request: Path, answer: Path) -> int:
    call = json.loads(request.read_text())
    try:
        result = resolve(call["reference"])(**call["arguments"])
    except GenelabError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    write_json(answer, result)
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1]), Path(sys.argv[2])))
