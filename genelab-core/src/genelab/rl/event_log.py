"""The scalars of a training: in TensorBoard event files, and with a service beside them.

The files in the run's folder are the record; what a service holds is a copy.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from genelab.rl.remote_logs import RemoteLog, open_remote_log
from genelab.utils.errors import UsageError, first_line

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from genelab.rl.backends.base import TrainContext


class EventLog:
    """Writes what `agent.logger` asks for, as a context around the training loop; other ranks than 0 write nothing.

    A service that fails while the training runs is left out from then on, with one warning.

    Args:
        ctx: The training.
        iteration: Iterations done before; what an interrupted run wrote beyond them is hidden in the event files.

    Raises:
        GenelabError: on entering, if the service cannot be reached.
        UsageError: on entering, if `tensorboard` is not installed.
    """

    def __init__(self, ctx: TrainContext, iteration: int) -> None:
        self._ctx, self._iteration = ctx, iteration
        self._files: SummaryWriter | None = None
        self._remote: RemoteLog | None = None

    def __enter__(self) -> EventLog:
        if self._ctx.agent.logger != "none" and self._ctx.world.is_main:
            self._remote = open_remote_log(self._ctx)
            purge = self._iteration + 1 if self._iteration else None
            self._files = _summary_writer()(str(self._ctx.log_dir), purge_step=purge, flush_secs=10)
        return self

    def write(self, iteration: int, scalars: dict[str, float]) -> None:
        """Write the scalars of one iteration."""
        if self._files is not None:
            for tag, value in scalars.items():
                self._files.add_scalar(tag, value, iteration)
        if self._remote is not None:
            try:
                self._remote.write(iteration, scalars)
            except Exception as error:  # whatever the service's library raises, the training goes on
                self._leave_out(error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._files is not None:
            self._files.close()
        if self._remote is not None:
            try:
                self._remote.close(failed=isinstance(error, Exception))
            except Exception as failure:
                self._leave_out(failure)

    def _leave_out(self, error: Exception) -> None:
        self._remote = None
        print(
            f"warning: {self._ctx.agent.logger} failed and gets nothing more: {type(error).__name__}: "
            f"{first_line(error)}; the event files in {self._ctx.log_dir} go on",
            file=sys.stderr,
        )


def _summary_writer() -> type[SummaryWriter]:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError(
            "event files need tensorboard, which is not installed",
            where="agent.logger",
            fix="pip install tensorboard, or --agent.logger none",
        ) from error
    return SummaryWriter
