"""Copies scalars to Weights & Biases; the extra `wandb` of `genelab-core` brings the library."""

from __future__ import annotations

import secrets

import wandb

from genelab.rl.remote_logs import RemoteLog, RemoteRun


class WandbLog(RemoteLog):
    """A run of Weights & Biases. The library's own variables (WANDB_MODE, WANDB_ENTITY, …) say where it goes.

    Its steps are iterations and only grow: what a continued run repeats, it ignores.
    """

    def __init__(self, run: RemoteRun) -> None:
        self.id = run.known_id or secrets.token_hex(4)
        self._run = wandb.init(
            project=run.project,
            group=run.group,
            name=run.name,
            id=self.id,
            resume="allow",
            dir=run.folder,
            config=run.settings,
            settings=wandb.Settings(console="off", silent=True),
        )
        self.url = None if self._run.offline else self._run.url

    def write(self, iteration: int, scalars: dict[str, float]) -> None:
        self._run.log(scalars, step=iteration)

    def close(self, *, failed: bool) -> None:
        self._run.finish(exit_code=int(failed))
