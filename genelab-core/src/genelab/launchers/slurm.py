"""Jobs as a Slurm array: a script is written, and submitted where `sbatch` is on the PATH."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from genelab.jobs.launcher import Job, SubmittingLauncher
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import check_output, write_text

SCRIPT = "slurm.sh"

_OPTION = re.compile(r"^[a-z][a-z-]*$")
_OURS = ("array", "chdir", "error", "output")
_GPU_OPTIONS = ("gpus", "gpus-per-node", "gpus-per-task", "gres")


class SlurmLauncher(SubmittingLauncher):
    """Submits jobs and detaches. Every `--launcher-option KEY=VALUE` becomes a line `#SBATCH --KEY=VALUE`.

    Two minutes before the time limit Slurm sends SIGTERM, so that a training saves a checkpoint.
    """

    option_names = None

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options)
        for key, value in self.options.items():
            if not _OPTION.match(key) or key in _OURS or not value.isprintable():
                raise UsageError(
                    f"{key}={value!r} cannot be an option of sbatch here",
                    where="--launcher-option",
                    fix=f"any long option of sbatch but {', '.join(_OURS)}, such as partition=gpu or time=04:00:00",
                )

    def submit(self, jobs: Sequence[Job], *, folder: Path, parallel: int, force: bool) -> str:
        script = folder / SCRIPT
        check_output(script, force=force, option="--log-dir")
        write_text(script, self._script(jobs, folder, parallel))
        if shutil.which("sbatch") is None:
            return f"no sbatch on the PATH; where it is: sbatch {shlex.quote(str(script))}"
        done = subprocess.run(["sbatch", str(script)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise GenelabError(
                f"sbatch refused the jobs: {done.stderr.strip() or f'exit status {done.returncode}'}",
                where=str(script),
                fix="mend it with --launcher-option KEY=VALUE, or edit the script and submit it by hand",
            )
        return f"{done.stdout.strip()} ({script})"

    def _script(self, jobs: Sequence[Job], folder: Path, parallel: int) -> str:
        directives = {"job-name": f"genelab-{folder.name}", "signal": "B:TERM@120", **self.options}
        gpus = max(job.gpus for job in jobs)
        if gpus and not any(key in directives for key in _GPU_OPTIONS):
            directives["gres"] = f"gpu:{gpus}"
        directives |= {
            "array": f"0-{len(jobs) - 1}%{parallel}",
            "chdir": str(Path.cwd()),
            "output": str(folder.absolute() / "slurm-%A_%a.log"),
        }
        lines = ["#!/bin/bash", *(f"#SBATCH --{key}={value}" for key, value in directives.items())]
        path = os.environ.get("PYTHONPATH")
        if path is not None:
            lines.append(f"export PYTHONPATH={shlex.quote(path)}")
        lines.append('case "$SLURM_ARRAY_TASK_ID" in')
        for index, job in enumerate(jobs):
            lines.append(f"{index}) # {job.name}")
            lines += [f"  export {key}={shlex.quote(value)}" for key, value in job.environment.items()]
            lines.append(f"  exec {shlex.join(job.command)} >> {shlex.quote(str(job.log.absolute()))} 2>&1 ;;")
        return "\n".join([*lines, "esac", ""])
