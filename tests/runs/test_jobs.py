"""Several jobs at a time: order, failures, signals, and what is shown of them."""

from __future__ import annotations

import io
import os
import signal
import sys
import time

import psutil
import pytest
from rich.console import Console

from genelab.jobs import local_launcher as local
from genelab.jobs.jobs import describe_status, last_words, run_jobs
from genelab.jobs.launcher import Job, JobHandle, WatchedLauncher, make_launcher
from genelab.jobs.local_launcher import LocalLauncher
from genelab.jobs.table import JobTable
from genelab.runs import ranks
from genelab.runs.interrupts import Interrupted
from genelab.runs.progress import ProgressFile, read_progress
from genelab.utils.errors import GenelabError, UsageError


def a_job(tmp_path, name="a", code="pass", **fields) -> Job:
    return Job(name=name, command=(sys.executable, "-S", "-c", code), log=tmp_path / f"{name}.log", **fields)


class Scripted(WatchedLauncher, JobHandle):
    """Jobs that end with a given status after a given number of looks at them; notes how many run at once."""

    def __init__(self, script=None):
        super().__init__({})
        self.script, self.children, self.most, self.order = script or {}, [], 0, []

    def launch(self, job):
        child = Scripted()
        child.looks, child.status, child.told = *self.script[job.name], []
        self.children.append(child)
        self.order.append(job.name)
        self.most = max(self.most, sum(child.looks > 0 for child in self.children))
        return child

    def poll(self):
        self.looks -= 1
        return self.status if self.looks <= 0 else None

    def stop(self):
        self.told.append("stop")
        self.looks, self.status = 1, 130

    def kill(self):
        self.told.append("kill")


def run_scripted(tmp_path, script, **options):
    launcher = Scripted(script)
    jobs = [a_job(tmp_path, name) for name in script]
    return launcher, run_jobs(jobs, launcher, poll_s=0, **options)


def test_jobs_run_in_order_and_never_more_than_asked_for_at_a_time(tmp_path):
    launcher, report = run_scripted(tmp_path, dict.fromkeys("abcde", (3, 0)), parallel=2)
    assert launcher.order == list("abcde") and launcher.most == 2
    assert [run.state for run in report.runs] == ["finished"] * 5 and report.signum is None


def test_a_job_that_fails_leaves_the_others_running(tmp_path):
    _, report = run_scripted(tmp_path, {"a": (1, 0), "b": (1, -9), "c": (4, 0), "d": (2, 1)}, parallel=2)
    assert [run.state for run in report.runs] == ["finished", "failed", "finished", "failed"]
    assert [(run.job.name, run.status) for run in report.failed] == [("b", -9), ("d", 1)]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_running_jobs_and_starts_no_more(tmp_path, signum):
    looks = []

    def show(runs):
        looks.append([run.state for run in runs])
        if len(looks) == 1:
            os.kill(os.getpid(), signum)

    launcher, report = run_scripted(tmp_path, dict.fromkeys("abc", (10**9, 0)), parallel=2, show=show)
    assert looks[0] == ["running", "running", "waiting"]
    assert [run.state for run in report.runs] == ["stopped"] * 3 and report.signum == signum
    assert launcher.order == ["a", "b"] and not report.failed


def test_the_second_signal_kills(tmp_path):
    class Deaf(Scripted):
        def launch(self, job):
            child = super().launch(job)
            child.stop = lambda: child.told.append("stop")
            return child

    launcher = Deaf({"a": (10**9, 0)})

    def interrupt(runs):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        run_jobs([a_job(tmp_path)], launcher, parallel=1, show=interrupt, poll_s=0)
    assert launcher.children[0].told == ["stop", "kill"]


def test_a_local_job_writes_its_output_to_its_log_and_keeps_its_variables_to_itself(tmp_path):
    code = "import os, sys; print(os.environ['WORD']); print('oh', file=sys.stderr); sys.exit(3)"
    report = run_jobs([a_job(tmp_path, code=code, environment={"WORD": "here"})], LocalLauncher({}), parallel=1)
    assert report.runs[0].status == 3 and "WORD" not in os.environ
    assert sorted((tmp_path / "a.log").read_text().split()) == ["here", "oh"]


@pytest.mark.parametrize(("ignored", "status"), [("SIGINT", -signal.SIGTERM), ("SIGTERM", -signal.SIGKILL)])
def test_killing_a_local_job_ends_its_children_too(tmp_path, monkeypatch, ignored, status):
    monkeypatch.setattr(local, "_ABORT_S", 0.1)
    code = "import os, signal, time; print(os.fork(), flush=True); time.sleep(60)"
    code = code.replace("print", f"signal.signal(signal.{ignored}, signal.SIG_IGN); print")
    handle = LocalLauncher({}).launch(a_job(tmp_path, code=code))
    log = tmp_path / "a.log"
    while len(log.read_text().split()) < 2:
        time.sleep(0.01)
    grandchild = next(int(word) for word in log.read_text().split() if word != "0")
    handle.kill()
    assert handle.poll() == status
    deadline = time.monotonic() + 10
    while runs(grandchild):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_each_local_job_gets_the_gpus_that_fewest_others_use(tmp_path, monkeypatch):
    for module in (local, ranks):
        monkeypatch.setattr(module, "visible_gpus", lambda: ["4", "7"])
    launcher = LocalLauncher({})
    wait = "import os, time; print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); time.sleep(60)"
    handles = [launcher.launch(a_job(tmp_path, name, wait)) for name in "abc"]
    both = launcher.launch(a_job(tmp_path, "d", "pass", gpus=2))
    assert [handle.gpus for handle in [*handles, both]] == [("4",), ("7",), ("4",), ("7", "4")]
    with pytest.raises(UsageError, match="there are 2 here"):
        launcher.launch(a_job(tmp_path, "e", gpus=3))
    while not (tmp_path / "b.log").read_text():
        time.sleep(0.01)
    assert (tmp_path / "b.log").read_text() == "7\n"
    for handle in handles:
        handle.kill()


def test_a_program_that_is_not_there_is_an_error_that_names_the_job(tmp_path):
    job = Job(name="a", command=("/no/such/program",), log=tmp_path / "a.log")
    with pytest.raises(GenelabError, match="a cannot be started"):
        LocalLauncher({}).launch(job)


def test_unknown_launchers_and_options_are_usage_errors():
    with pytest.raises(UsageError, match="unknown launcher 'slum'"):
        make_launcher("slum", {})
    with pytest.raises(UsageError, match="unknown launcher option 'gpu'"):
        make_launcher("local", {"gpu": "1"})


def test_the_last_words_of_a_log_begin_with_its_last_error(tmp_path):
    log = tmp_path / "log"
    log.write_text("one\nerror: first\ntwo\nerror: cannot write model_4.pt: No space left on device\n  where: run\n\n")
    assert last_words(log) == ["error: cannot write model_4.pt: No space left on device", "  where: run"]
    log.write_text("\n".join(f"line {number}" for number in range(30)))
    assert last_words(log) == [f"line {number}" for number in range(24, 30)]
    assert last_words(tmp_path / "none") == []
    assert describe_status(-9) == "killed by signal 9" and describe_status(2) == "exit status 2"


def test_progress_is_written_at_most_once_in_an_interval_and_at_the_end(tmp_path):
    assert read_progress(tmp_path) is None
    file = ProgressFile(tmp_path, 3, "iterations", interval_s=3600)
    file.update(1, 48, {"return_mean": 2.5})
    first = read_progress(tmp_path)
    assert first is not None and (first.iteration, first.steps_per_s, first.return_mean) == (1, None, 2.5)
    file.update(2, 96, {"return_mean": float("nan")})
    assert read_progress(tmp_path) == first
    file.update(3, 144, {})
    file.write()
    last = read_progress(tmp_path)
    assert last is not None and (last.iteration, last.env_steps, last.return_mean) == (3, 144, None)
    assert last.steps_per_s is not None and last.steps_per_s > 0 and last.seconds_left == 0


@pytest.mark.parametrize("terminal", [True, False])
def test_the_table_shows_every_job_with_its_progress(tmp_path, terminal):
    (tmp_path / "a").mkdir()
    for iteration in (5, 10):
        ProgressFile(tmp_path / "a", 10, "iterations").update(iteration, iteration * 1000, {"return_mean": 1.234})
    screen = io.StringIO()
    folders = {name: tmp_path / name for name in "ab"}
    with JobTable(Console(file=screen, force_terminal=terminal, width=100), folders) as table:
        launcher = Scripted({"a": (2, 0), "b": (2, 1)})
        run_jobs([a_job(tmp_path, name) for name in "ab"], launcher, parallel=1, show=table.show, poll_s=0)
    shown = screen.getvalue()
    assert all(text in shown for text in ("running", "finished", "failed", "10/10", "10,000", "1.23"))
