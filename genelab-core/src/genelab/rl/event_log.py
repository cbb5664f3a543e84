"""TensorBoard event files, for backends that depend on `tensorboard`."""

from __future__ import annotations

from pathlib import Path

from torch.utils.tensorboard import SummaryWriter


class EventLog:
    """Writes scalars into a run's folder.

    Args:
        log_dir: The run's folder.
        iteration: Iterations done before; what an interrupted run wrote beyond them is hidden.
    """

    def __init__(self, log_dir: Path, iteration: int) -> None:
        self._writer = SummaryWriter(str(log_dir), purge_step=iteration + 1 if iteration else None, flush_secs=10)

    def write(self, iteration: int, scalars: dict[str, float]) -> None:
        """Write the scalars of one iteration."""
        for tag, value in scalars.items():
            self._writer.add_scalar(tag, value, iteration)

    def close(self) -> None:
        self._writer.close()
