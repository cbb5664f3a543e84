"""A process that simulates some envs of an environment, and the memory it shares; see `genelab.envs.sharded_env`."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.config.serialization import to_json
from genelab.managers.random_streams import Rows
from genelab.plugins.catalog import discovered
from genelab.utils.errors import GenelabError
from genelab.utils.files import write_json

Spec = dict[str, tuple[list[int], str]]
"""By name the shape and the data type (`"float32"`, `"bool"`, …): plain JSON."""


def shared_tensors(folder: Path, spec: Spec) -> dict[str, torch.Tensor]:
    """Map the tensors of `spec`, one file each in `folder`, which is best in memory; new ones are zero.

    Every process that calls this with the same arguments sees the same numbers, without any synchronisation.
    """
    return {name: _mapped(folder / name.replace("/", "."), *entry) for name, entry in spec.items()}


def _mapped(path: Path, shape: list[int], dtype: str) -> torch.Tensor:
    kind: Any = getattr(torch, dtype)
    count = math.prod(shape)
    return torch.from_file(str(path), shared=True, size=max(count, 1), dtype=kind)[:count].view(shape)


class Shard:
    """The near end of a worker: lines of JSON go there and come back, tensors lie in shared memory.

    Args:
        cfg: The environment, with the worker's own number of envs.
        rows: Which envs of the whole these are.
        folder: Where the request, the messages and the shared tensors lie.
        dump_dir: See `make_env`.
    """

    def __init__(self, cfg: ManagerBasedRlEnvCfg, rows: Rows, folder: Path, dump_dir: Path | None) -> None:
        self.rows = slice(rows.first, rows.first + cfg.simulation.num_envs)
        request, self._messages = folder / f"request_{rows.first}", folder / f"messages_{rows.first}"
        dump = None if dump_dir is None else str(dump_dir)
        write_json(request, {"cfg": to_json(cfg), "first": rows.first, "total": rows.total, "dump_dir": dump})
        there, here = os.pipe()
        answers, back = os.pipe()
        with self._messages.open("wb") as messages:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "genelab.envs.shard_worker", str(request), str(there), str(back)],
                env={**os.environ, **discovered().child_environment(), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=subprocess.STDOUT,
                pass_fds=(there, back),
                start_new_session=True,  # Ctrl-C is for the parent, which then ends its workers
            )
        os.close(there)
        os.close(back)
        self._to, self._from = os.fdopen(here, "w"), os.fdopen(answers)

    def send(self, call: str, **arguments: Any) -> None:
        """Ask the worker for something; `receive` takes the answer."""
        try:
            self._to.write(json.dumps({"call": call, **arguments}) + "\n")
            self._to.flush()
        except BrokenPipeError:
            raise self._death() from None

    def receive(self) -> dict[str, Any]:
        """Wait for the answer.

        Raises:
            GenelabError: as the worker raised it, or with its last words if it died.
        """
        line = self._from.readline()
        if not line:
            raise self._death()
        answer = json.loads(line)
        if "error" in answer:
            raise GenelabError(answer["error"], where=answer["where"], fix=answer["fix"])
        return answer

    def _death(self) -> GenelabError:
        status = self._process.wait()
        said = self._messages.read_text(errors="replace").strip().splitlines()
        return GenelabError(
            f"the process of envs {self.rows.start} to {self.rows.stop - 1} ended with status {status}",
            where="\n    ".join(["it said:", *said[-12:]]),
        )

    def close(self) -> None:
        """End the worker."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._to, self._from):
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # what was still to be sent has no reader any more
