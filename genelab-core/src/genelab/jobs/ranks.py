"""The process that starts the ranks of a training and says what ended them."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from genelab.jobs.jobs import describe_status
from genelab.plugins.catalog import discovered
from genelab.rl.distributed import LOST_PEER
from genelab.runs.interrupts import Interrupted
from genelab.runs.plan import TrainRequest, plan_training
from genelab.runs.ranks import check_gpus
from genelab.runs.run_dir import STATUS, RunDir
from genelab.runs.training import new_run
from genelab.utils.errors import GenelabError

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

_SHUTDOWN_S = 120
"""Seconds that the ranks have to save a checkpoint after a signal."""


def train_on_gpus(request: TrainRequest, arguments: Sequence[str]) -> None:
    """Train with one process for each GPU, all in one run directory.

    Args:
        request: What to train; `request.ranks` is the number of GPUs.
        arguments: The arguments of `genelab train TASK` that the ranks share, without the run directory.

    Raises:
        UsageError: for a request that cannot be served, before the simulator starts.
        GenelabError: when a rank fails, naming it.
        Interrupted: after a signal.
    """
    plan = plan_training(request)
    check_gpus(request.ranks)
    run = plan.run or new_run(plan, request)
    command = ["train", request.task_id, *arguments]
    if plan.run is None:
        command.append(f"--log-dir={run.path}")
    os.environ.update(discovered().child_environment())
    start_ranks(run, request.ranks, ["-m", "genelab", *command])


def start_ranks(run: RunDir, ranks: int, program: Sequence[str]) -> None:
    """Run `program`, a script or `-m module` with its arguments, in `ranks` processes until all have ended.

    Raises:
        GenelabError: when one fails; the others are ended.
        Interrupted: after SIGINT or SIGTERM, which the ranks got too.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import parse_args
    from torch.distributed.run import run as run_ranks

    logging.disable(logging.ERROR)  # what it would log at length is said in one line below
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", str(_SHUTDOWN_S))
    try:
        run_ranks(parse_args(["--standalone", f"--nproc_per_node={ranks}", *program]))
    except ChildFailedError as error:
        rank, failure = _culprit(error.failures)
        raise _report(run, ranks, rank, failure) from error
    except SignalException as stop:
        raise Interrupted(stop.sigval) from stop


def _culprit(failures: dict[int, ProcessFailure]) -> tuple[int, ProcessFailure]:
    """Return the rank that failed first of those that did not merely lose another one."""
    guilty = {rank: failure for rank, failure in failures.items() if failure.exitcode != LOST_PEER} or failures
    return min(guilty.items(), key=lambda item: item[1].timestamp)


def _report(run: RunDir, ranks: int, rank: int, failure: ProcessFailure) -> GenelabError:
    """Return the error, and write it to the run's status where rank 0 could not."""
    how = describe_status(failure.exitcode)
    what = f"rank {rank} {'was' if failure.exitcode < 0 else 'ended with'} {how}; the training of all ranks has ended"
    if (run.path / STATUS).exists() and (rank != 0 or run.status()["status"] == "running"):
        run.write_status("failed", error=what)
    return GenelabError(what, where=str(run.path), fix=f"to go on: --resume {run.path} --gpus {ranks}")
