"""Where scalars go: event files always, services beside them, and what happens when a service is missing or fails."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from genelab.api import LoggerSpec
from genelab.loggers.wandb import may_log_in
from genelab.rl.backends.base import TrainContext
from genelab.rl.config import BackendConfig
from genelab.rl.distributed import World
from genelab.rl.event_log import EventLog
from genelab.rl.remote_logs import REMOTE_ID, RemoteLog, RemoteRun, require_logger
from genelab.runs.plan import TrainRequest
from genelab.runs.training import train
from genelab.testing.fake_env import FakeVecEnv
from genelab.testing.sandbox import in_memory_plugin, plugin_sandbox
from genelab.utils.errors import GenelabError, UsageError


class Service(RemoteLog):
    """A service in memory."""

    title = "The service"
    fix = "plug it in"

    runs: list[Service]
    fails_from = 1_000_000
    reachable = True

    def __init__(self, run: RemoteRun) -> None:
        if not self.reachable:
            raise ConnectionError("no route to host")
        self.run, self.id = run, run.known_id or f"id-{len(self.runs)}"
        self.written: dict[int, dict[str, float]] = {}
        self.ended: str | None = None
        self.runs.append(self)

    def write(self, iteration, scalars):
        if iteration >= self.fails_from:
            raise TimeoutError("the service is silent")
        self.written[iteration] = scalars

    def close(self, *, failed):
        self.ended = "failed" if failed else "finished"


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr(Service, "runs", [], raising=False)
    with plugin_sandbox(in_memory_plugin("lab", [LoggerSpec(name="service", logger=f"{__name__}:Service")])):
        yield Service


def context(folder: Path, logger: str = "service", **fields) -> TrainContext:
    agent = BackendConfig(logger=logger, experiment_name="pole", log_project="balance")
    return TrainContext("Fake-v0", FakeVecEnv(2), agent, folder, 10, **fields)


def log(ctx: TrainContext, first: int = 1, last: int = 4) -> None:
    with EventLog(ctx, first - 1) as events:
        for iteration in range(first, last + 1):
            events.write(iteration, {"Loss/value": float(iteration)})


def filed(folder: Path) -> list[int]:
    events = EventAccumulator(str(folder)).Reload()
    return [event.step for event in events.Scalars("Loss/value")]


def test_a_service_gets_what_the_event_files_hold(tmp_path, service):
    log(context(tmp_path / "seeds/seed_1"))
    (remote,) = service.runs
    assert list(remote.written) == filed(tmp_path / "seeds/seed_1") == [1, 2, 3, 4]
    assert remote.ended == "finished"
    assert (remote.run.project, remote.run.group, remote.run.name) == ("balance", "pole", "seeds/seed_1")
    assert remote.run.settings["task"] == "Fake-v0"
    assert remote.run.settings["seed"] == 42


def test_a_continued_run_goes_on_under_its_own_id(tmp_path, service):
    log(context(tmp_path))
    log(context(tmp_path, resume=tmp_path / "model_4.pt"), 5, 6)
    assert [remote.id for remote in service.runs] == ["id-0", "id-0"]
    assert list(service.runs[1].written) == [5, 6]


def test_a_run_that_is_not_a_continuation_or_had_another_service_gets_an_id_of_its_own(tmp_path, service):
    log(context(tmp_path))
    log(context(tmp_path))
    (tmp_path / REMOTE_ID).write_text(json.dumps({"logger": "mlflow", "id": "theirs"}))
    log(context(tmp_path, resume=tmp_path / "model_4.pt"), 5, 6)
    assert [remote.id for remote in service.runs] == ["id-0", "id-1", "id-2"]


def test_a_service_that_fails_is_left_out_with_one_warning_and_the_files_go_on(tmp_path, service, monkeypatch, capsys):
    monkeypatch.setattr(service, "fails_from", 3)
    log(context(tmp_path), last=8)
    assert list(service.runs[0].written) == [1, 2]
    assert filed(tmp_path) == list(range(1, 9))
    begun, line = capsys.readouterr().err.splitlines()
    assert begun == "The service: run id-0 of balance"
    assert line.startswith("warning: service failed and gets nothing more: TimeoutError: the service is silent")


def test_a_service_that_fails_at_the_end_does_not_fail_the_training(tmp_path, service, monkeypatch, capsys):
    def close(self, *, failed):
        raise ConnectionError("gone")

    monkeypatch.setattr(service, "close", close)
    log(context(tmp_path))
    assert capsys.readouterr().err.count("warning") == 1


def test_a_failed_training_is_reported_as_failed(tmp_path, service):
    with pytest.raises(GenelabError), EventLog(context(tmp_path), 0):
        raise GenelabError("a weight is not finite")
    with pytest.raises(KeyboardInterrupt), EventLog(context(tmp_path), 0):
        raise KeyboardInterrupt
    assert [remote.ended for remote in service.runs] == ["failed", "finished"]


def test_a_service_that_cannot_be_reached_at_the_start_is_an_error(tmp_path, service, monkeypatch):
    monkeypatch.setattr(service, "reachable", False)
    with pytest.raises(GenelabError, match="The service cannot be reached: no route to host") as caught:
        log(context(tmp_path))
    assert caught.value.fix == "plug it in"


def test_other_ranks_log_nothing(tmp_path, service):
    log(context(tmp_path, world=World(rank=1, local_rank=1, size=2)))
    assert service.runs == []
    assert list(tmp_path.iterdir()) == []


def test_tensorboard_alone_asks_no_service_and_none_writes_nothing(tmp_path, service):
    log(context(tmp_path / "files", "tensorboard"))
    log(context(tmp_path / "nothing", "none"))
    assert service.runs == []
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [
        path.name for path in (tmp_path / "files").glob("events*")
    ]


@pytest.mark.parametrize("folder", [False, True], ids=["absent", "only a folder of that name"])
@pytest.mark.parametrize("logger", ["wandb", "mlflow"])
def test_a_missing_library_is_named_before_anything_is_made(workspace, fake_envs, monkeypatch, logger, folder):
    monkeypatch.setattr(sys, "path", [str(workspace)])
    monkeypatch.delitem(sys.modules, logger, raising=False)
    if folder:
        (workspace / logger).mkdir()
    with pytest.raises(UsageError) as caught:
        train(TrainRequest(task_id="Sample-Counter-v0", overrides=[("agent.logger", logger)]))
    assert f"pip install 'genelab-core[{logger}]'" in (caught.value.fix or "")
    assert fake_envs == []
    assert not (workspace / "logs").exists()


def test_a_logger_that_nobody_provides_is_named_with_those_there_are(workspace, fake_envs):
    with plugin_sandbox(core=False), pytest.raises(UsageError, match="unknown logger 'wandb'") as caught:
        require_logger("wandb")
    assert caught.value.where == "agent.logger = wandb"
    with pytest.raises(UsageError, match="unknown logger 'tensorbord'") as caught:
        train(TrainRequest(task_id="Sample-Counter-v0", overrides=[("agent.logger", "tensorbord")]))
    assert "tensorboard" in (caught.value.fix or "")
    assert fake_envs == []


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """Nobody is logged in anywhere, and nobody is there to ask."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_CONFIG_DIR", "WANDB_DIR", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def test_weights_and_biases_without_a_login_is_refused_before_anything_is_made(workspace, fake_envs, nobody):
    with pytest.raises(UsageError, match="no key and no terminal") as caught:
        train(TrainRequest(task_id="Sample-Counter-v0", overrides=[("agent.logger", "wandb")]))
    assert (caught.value.fix or "").startswith("wandb login, or WANDB_MODE=offline")
    assert fake_envs == []
    assert not (workspace / "logs").exists()


@pytest.mark.parametrize("way", ["offline", "key", "netrc", "settings", "terminal"])
def test_weights_and_biases_may_find_its_login_in_many_places(nobody, monkeypatch, way):
    assert not may_log_in()
    if way == "offline":
        monkeypatch.setenv("WANDB_MODE", "offline")
    elif way == "key":
        monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    elif way == "terminal":
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    else:
        path = nobody / (".netrc" if way == "netrc" else ".config/wandb/settings")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert may_log_in()


def test_weights_and_biases_takes_a_run_and_its_continuation_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    log(context(tmp_path, "wandb"))
    log(context(tmp_path, "wandb", resume=tmp_path / "model_4.pt"), 5, 6)
    known = json.loads((tmp_path / "remote_log.json").read_text())["id"]
    files = sorted(tmp_path.glob(f"wandb/offline-run-*-{known}/run-{known}.wandb"))
    assert files
    deadline = time.monotonic() + 30  # the library's own process writes, and may do so after the run is over
    while not all(b"Loss/value" in path.read_bytes() for path in files):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert filed(tmp_path) == [1, 2, 3, 4, 5, 6]


def test_mlflow_takes_a_run_and_its_continuation_and_hears_how_it_ended(tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "store").as_uri())
    log(context(tmp_path, "mlflow"))
    with pytest.raises(GenelabError):
        resumed = context(tmp_path, "mlflow", resume=tmp_path / "model_4.pt")
        with EventLog(resumed, 4) as events:
            events.write(5, {"Loss/value": 5.0, "Update time (ms)": 1.0})
            raise GenelabError("a weight is not finite")
    known = json.loads((tmp_path / "remote_log.json").read_text())["id"]
    client = MlflowClient()
    assert [metric.step for metric in client.get_metric_history(known, "Loss/value")] == [1, 2, 3, 4, 5]
    assert len(client.get_metric_history(known, "Update time _ms_")) == 1
    run = client.get_run(known)
    assert run.info.status == "FAILED"
    assert (run.data.params["seed"], run.data.tags["group"]) == ("42", "pole")
