"""What `doctor` finds, and that each finding says how to mend it."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple

import pytest
import torch
from click.testing import CliRunner

from genelab.doctor import checkup, warming
from genelab.utils.errors import GenelabError, UsageError

Usage = namedtuple("Usage", "total used free")


def doctor(*arguments: str):
    return CliRunner().invoke(checkup.command, [*arguments], standalone_mode=False, catch_exceptions=False)


def statuses(check) -> list[str]:
    return [finding.status for finding in check()]


def test_what_is_not_ok_comes_with_a_fix(workspace):
    done = doctor("--quick", "--json")
    findings = json.loads(done.stdout)
    assert {finding["check"] for finding in findings} >= {"versions", "plugins", "device", "cache", "disk", "viewer"}
    assert all(finding["fix"] for finding in findings if finding["status"] != "ok")
    assert done.return_value == int(any(finding["status"] == "broken" for finding in findings))


def test_something_broken_is_exit_status_1(monkeypatch):
    broken = checkup.Finding("disk", "broken", "full", "rm something")
    monkeypatch.setattr(checkup, "CHECKS", (lambda: iter([broken]),))
    done = doctor("--quick")
    assert done.return_value == 1
    assert "broken disk" in done.stdout and "fix: rm something" in done.stdout and "1 broken" in done.stdout


def test_a_missing_library_is_broken(monkeypatch):
    monkeypatch.setattr(checkup, "LIBRARIES", ("genelab-core", "no-such-distribution"))
    last = list(checkup.check_versions())[-1]
    assert (last.status, last.fix) == ("broken", "pip install no-such-distribution")


@pytest.mark.parametrize(("free", "expected"), [(0.1, "broken"), (1.0, "note"), (9.0, "ok")])
def test_little_disk_space_is_found(monkeypatch, free, expected):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free * 2**30))
    assert set(statuses(checkup.check_disk)) == {expected}


def test_the_kernel_cache_is_looked_at(monkeypatch, tmp_path):
    monkeypatch.delenv("QD_OFFLINE_CACHE", raising=False)
    monkeypatch.setenv("QD_OFFLINE_CACHE_FILE_PATH", str(tmp_path / "kernels"))
    assert [finding.fix for finding in checkup.check_caches()] == ["genelab warmup"]
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "one").write_bytes(b"x" * 2**20)
    assert "1 MiB" in next(checkup.check_caches()).detail
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert statuses(checkup.check_caches) == ["broken"]
    monkeypatch.setenv("QD_OFFLINE_CACHE", "0")
    assert statuses(checkup.check_caches) == ["note"]


def test_several_threads_are_noted(monkeypatch):
    for value, expected in (("1", "ok"), ("8", "note")):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert statuses(checkup.check_threads) == [expected]


def test_a_gpu_that_torch_cannot_use_is_found(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert statuses(checkup.check_device) == ["ok"]
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(torch.version, "cuda", None)
    assert statuses(checkup.check_device) == ["note"]
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert statuses(checkup.check_device) == ["broken"]


@pytest.mark.parametrize(
    ("physics", "egl", "osmesa", "expected"),
    [
        (True, True, True, ["ok", "ok"]),
        (True, False, True, ["ok", "note"]),
        (True, False, False, ["ok", "broken"]),
        (False, True, True, ["broken"]),
    ],
)
def test_rendering_is_tried_with_egl_and_then_osmesa(monkeypatch, physics, egl, osmesa, expected):
    class Child:
        def __init__(self, reference, arguments, environment=None):
            self.works = (osmesa if environment else egl) if arguments["render"] else physics

        def result(self):
            if not self.works:
                raise GenelabError("no", where="EGLError")

    monkeypatch.setattr(checkup, "Child", Child)
    assert statuses(checkup.check_simulation) == expected


def test_warmup_takes_the_named_tasks_or_all(sample_catalog, monkeypatch):
    class Child:
        def __init__(self, reference, arguments):
            pass

        def result(self):
            pass

    monkeypatch.setattr(warming, "Child", Child)

    def warmed(*tasks: str) -> list[str]:
        done = CliRunner().invoke(warming.command, tasks, standalone_mode=False, catch_exceptions=False)
        return [line.split()[-1] for line in done.stdout.splitlines()]

    assert warmed("sample-counter-v0") == ["Sample-Counter-v0"]
    assert warmed() == list(sample_catalog.tasks)
    with pytest.raises(UsageError, match="unknown task"):
        warmed("Sample-Contr-v0")
