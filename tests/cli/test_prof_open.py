"""`genelab prof open`: which recording is shown, on a page or in the terminal, and what is refused."""

from __future__ import annotations

import gzip
import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from genelab.profiling import page
from genelab.profiling.page import RecordingServer
from genelab.profiling.recordings import RegionReport, RegionRow, find_recording
from genelab.utils.errors import GenelabError, UsageError

TRACE = gzip.compress(b'{"traceEvents": []}')


def record(folder: Path, stamp: str, label: str = "update", traces: int = 2) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{stamp}_trace_{number + 1}.json.gz" for number in range(traces)]
    for path in paths:
        path.write_bytes(TRACE)
    rows = [RegionRow([label], 1.0, 2.0, 0.5), RegionRow([label, "<inner>"], 3.0, 1.0, 0.25)]
    spans = [([label], 0.0, 2.0), ([label, "<inner>"], 0.5, 1.5)]
    report = RegionReport(4, 4.0, rows, spans, [path.name for path in paths])
    (folder / f"{stamp}_regions.json").write_text(json.dumps(report.to_json()))
    return paths


@pytest.fixture
def headless(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def prof_open(*arguments: str) -> str:
    done = CliRunner().invoke(page.command, ["open", *arguments], catch_exceptions=False, standalone_mode=False)
    return done.output


def test_without_a_display_the_newest_table_and_the_way_to_the_traces_are_printed(tmp_path, headless):
    record(tmp_path / "run/torch_profile", "2026-01-01_00-00-00", "old")
    newest = record(tmp_path / "run/torch_profile", "2026-01-02_00-00-00", "new")
    output = prof_open(str(tmp_path / "run"))
    assert output.splitlines()[2].split() == ["new", "1", "2.000", "50.0%"]
    assert all(str(trace) in output for trace in newest)
    assert "old" not in output
    assert "ui.perfetto.dev" in output and "--port 9001" in output


def test_without_a_path_it_is_what_play_recorded(tmp_path, headless, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record(Path("logs/torch_profile"), "2026-01-01_00-00-00", "played")
    assert "played" in prof_open()


def test_a_trace_is_shown_with_the_table_that_belongs_to_it(tmp_path):
    first, _ = record(tmp_path, "2026-01-01_00-00-00", "old")
    record(tmp_path, "2026-01-02_00-00-00", "new")
    shown = find_recording(first)
    assert shown.traces == [first]
    assert shown.report is not None and shown.report.rows[0].path == ["old"]


def test_a_trace_of_another_program_has_no_table(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    assert find_recording(tmp_path / "other.json").report is None


@pytest.mark.parametrize("name", ["nowhere", "empty", "notes.txt"])
def test_what_holds_no_recording_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError) as caught:
        prof_open(str(tmp_path / name))
    assert caught.value.where == str(tmp_path / name)
    assert caught.value.fix


def test_a_damaged_table_is_named(tmp_path):
    record(tmp_path, "2026-01-01_00-00-00")
    (tmp_path / "2026-01-01_00-00-00_regions.json").write_text("{")
    with pytest.raises(GenelabError, match="regions"):
        find_recording(tmp_path)


@pytest.fixture
def server(tmp_path):
    record(tmp_path, "2026-01-01_00-00-00")
    (tmp_path / "secret.txt").write_text("secret")
    with RecordingServer(find_recording(tmp_path), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(address: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=10) as answer:
        return answer.read()


def test_the_page_has_table_picture_and_traces_and_escapes_names(server):
    shown = fetch(server.url).decode()
    assert "&lt;inner&gt;" in shown and "<inner>" not in shown
    assert shown.count("<rect") == 2
    assert shown.count('data-trace="2026-01-01_00-00-00_trace_') == 2


def test_traces_are_served_and_nothing_else(server):
    assert fetch(f"{server.url}2026-01-01_00-00-00_trace_2.json.gz") == TRACE
    for name in ("secret.txt", "../secret.txt", "%2e%2e/secret.txt", "etc/passwd"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(server.url + name)


def test_a_port_that_is_taken_is_refused(server, tmp_path):
    with pytest.raises(UsageError, match="cannot listen"):
        RecordingServer(find_recording(tmp_path), "127.0.0.1", server.server_address[1])


def test_with_a_display_the_browser_opens_the_page(tmp_path, monkeypatch):
    record(tmp_path, "2026-01-01_00-00-00")
    opened = []
    monkeypatch.setattr(page, "has_display", lambda: True)
    monkeypatch.setattr(page.webbrowser, "open", opened.append)

    def stop(self) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RecordingServer, "serve_forever", stop)
    output = prof_open(str(tmp_path))
    assert opened == [output.split()[0]]
