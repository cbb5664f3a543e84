"""Copies scalars to MLflow; the extra `mlflow` of `genelab-core` brings its client."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from genelab.rl.remote_logs import RemoteLog, RemoteRun

_REFUSED = re.compile(r"[^\w\-.:/ ]")
"""Characters that the service takes in no name of a metric."""

_BATCH = 100
"""Parameters that the service takes at once."""


class MlflowLog(RemoteLog):
    """A run of MLflow. MLFLOW_TRACKING_URI says where it goes."""

    title = "MLflow"
    library = "mlflow"
    install = "genelab-core[mlflow]"
    fix = "set MLFLOW_TRACKING_URI to your server"

    def __init__(self, run: RemoteRun) -> None:
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient()
        if run.known_id is None:
            self.id = self._begin(run)
        else:
            self.id = run.known_id
            self._client.update_run(self.id, status="RUNNING")
        server = self._client.tracking_uri
        if server.startswith("http"):
            where = self._client.get_run(self.id).info.experiment_id
            self.url = f"{server}/#/experiments/{where}/runs/{self.id}"

    def write(self, iteration: int, scalars: dict[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        metrics = [Metric(_REFUSED.sub("_", tag), value, now, iteration) for tag, value in scalars.items()]
        self._client.log_batch(self.id, metrics=metrics)

    def close(self, *, failed: bool) -> None:
        self._client.set_terminated(self.id, "FAILED" if failed else "FINISHED")

    def _begin(self, run: RemoteRun) -> str:
        from mlflow.entities import Param

        experiment = self._client.get_experiment_by_name(run.project)
        where = self._client.create_experiment(run.project) if experiment is None else experiment.experiment_id
        begun = self._client.create_run(where, run_name=run.name, tags={"group": run.group}).info.run_id
        params = [Param(name, str(value)) for name, value in _flat(run.settings)]
        for start in range(0, len(params), _BATCH):
            self._client.log_batch(begun, params=params[start : start + _BATCH])
        return begun


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables by dotted names."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
