"""`genelab report`: one page that is whole, loads nothing, and holds what the run's files say."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from markupsafe import Markup
from test_aggregate import made_up_evaluation, make_run
from test_curves import write_events

from genelab.api import ReportSectionSpec
from genelab.eval.document import CurveRecord
from genelab.eval.report import write_report
from genelab.jobs.benchmark_record import SCHEMA as BENCHMARK
from genelab.plugins.candidates import installed_candidates
from genelab.reports.commands import report as command
from genelab.reports.content import Card, Cards, Code, Definitions, Section, Table, Text
from genelab.reports.curves import Curve, Panel
from genelab.reports.figure import VARIABLES, inline_drawing, tick_label
from genelab.runs.eval_schedule import TrainingEvaluation
from genelab.testing.sandbox import in_memory_plugin, plugin_sandbox
from genelab.utils.records import to_record

EVIL = "<script>alert('x')</script>&\"quoted\""
VOID = {"meta"}


class Page(HTMLParser):
    """Checks that elements are closed in order, and collects names, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def make_eval(path: Path, *, returns=(1.0, 2.0, 3.0), task: str = "Task-A-v0", cause: str = "time_out"):
    rows = [
        {
            "i": index,
            "return": value,
            "length": 10,
            "success_once": True,
            "success_at_end": index == 0,
            "end_cause": cause,
            "metrics": {"max_reward": 1.0},
            "reward_terms": {"upright": 0.5},
        }
        for index, value in enumerate(returns)
    ]
    curve = CurveRecord(EVIL, EVIL, [0.0, 1.0, 2.0], [1.0, None, 2.0], [3, 0, 1])
    warnings = [{"code": "x", "message": EVIL}]
    made = made_up_evaluation(rows, task=task, profiles={EVIL: curve}, warnings=warnings)
    write_report(made, path)
    return made


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose names and values are hostile, with an evaluation, evaluations during the training, and a video."""
    monkeypatch.chdir(tmp_path)
    run = make_run(Path("run"), seed=1, task=EVIL, note=EVIL)
    write_events(run, [1.0, float("nan"), 3.0], tag=f"Loss/{EVIL}", part=1)
    status = {"status": "failed", "error": EVIL, "iteration": 3, "env_steps": 24}
    (run / "status.json").write_text(json.dumps(status))
    made = make_eval(run / "eval.json", cause=EVIL)
    line = TrainingEvaluation(
        iteration=2,
        env_steps=16,
        lower_bound=0.5,
        best=True,
        evaluated_at=made.evaluated_at,
        metrics=made.metrics,
        aggregates=made.aggregates,
    )
    (run / "evaluations.jsonl").write_text(json.dumps(to_record(line)) + "\n")
    (run / "eval_videos").mkdir()
    (run / "eval_videos/episode 0.mp4").write_bytes(b"x" * 3000)
    return run


def report(*arguments: str) -> Page:
    result = CliRunner().invoke(command, [*arguments, "--force"], standalone_mode=False)
    assert result.exception is None, result.exception
    return Page(Path("report.html").read_text(encoding="utf-8"))


def test_a_run_is_shown_with_everything_that_its_files_hold(run):
    page = report("run")
    for expected in (
        "mean return of training episodes, over environment steps",
        "mean return of evaluations, over environment steps",
        "eval.json: 3 episodes, seed 0",
        "Episodes ended by",
        "3 (100 %)",
        "1 evaluations",
        "reward upright",
        "1 of 3",
        '"note"',
    ):
        assert expected in page.text, expected
    assert page.names.count("svg") == 5  # return, evaluations (return and success), the other scalar, the profile
    assert "video" in page.names


def test_whatever_the_files_say_becomes_text_and_the_page_loads_nothing(run):
    page = report("run")
    assert page.text.count(EVIL) >= 5  # task, error, tag, end cause, warning
    assert {"script", "link", "iframe", "img", "object"}.isdisjoint(page.names)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    for name, value in page.attributes:
        if name in ("src", "href"):
            assert value is not None and value.startswith("data:")
    policy = [value for name, value in page.attributes if name == "content" and value and "default-src" in value]
    assert policy[0].startswith("default-src 'none'")
    assert "url(" not in Path("report.html").read_text() and "@import" not in Path("report.html").read_text()


def test_a_video_that_is_too_large_is_linked(run):
    page = report("run", "--video-mib", "0.001")
    assert "video" not in page.names
    assert ("href", "run/eval_videos/episode%200.mp4") in page.attributes
    assert "not in this page" in page.text


def test_seeds_are_shown_together_with_their_mean(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, final in ((1, 1.0), (2, 3.0)):
        make_run(Path(f"many/seed_{seed}"), seed=seed, final=final)
        make_eval(Path(f"many/seed_{seed}/eval.json"), returns=(final, final))
    page = report("many")
    assert "mean, 95 % t interval" in page.text and "seed 1" in page.text
    assert "eval/return" in page.text and "seed 2: 2 episodes" in page.text


def test_a_benchmark_is_shown_with_its_verdict(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bench/a").mkdir(parents=True)
    make_eval(Path("bench/a/eval.json"))
    block = {"avg_sum_reward": 2.0, "avg_max_reward": 1.0, "pc_success": 50.0, "n_episodes": 3, "eval_s": 1.0}
    block = {**block, "success": None, "n_entries": 2, "n_failed": 1}
    common = {"task": "Task-A-v0", "group": None, "inputs": {}}
    entries = [
        {**common, "name": "a", "checkpoint": "zero", "state": "finished", "error": None, "eval": "a/eval.json"},
        {**common, "name": "b", "checkpoint": EVIL, "state": "failed", "error": "no policy", "eval": "b/eval.json"},
    ]
    entries[0] |= {"metrics": block, "comparison": {"verdict": "fail", "metrics": [], "missing": []}}
    entries[1] |= {"metrics": None, "comparison": {"verdict": "fail", "why": "it could not be evaluated"}}
    document = {"schema": BENCHMARK, "suite": "s.json", "generated_at": "now", "complete": False, "entries": entries}
    blocks = {"per_task": {"Task-A-v0": block}, "per_group": {}, "overall": block}
    compared = {"verdict": "fail", "reference": "old", "tolerance": 0.1, "command": "genelab benchmark"}
    Path("bench/benchmark.json").write_text(json.dumps({**document, **blocks, **compared}))
    page = report("bench")
    assert "Against old: fail" in page.text and "no policy" in page.text and "not all of them measured" in page.text
    assert EVIL in page.text and "script" not in page.names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("nothing",), "no such run"), (("empty",), "no run below empty"), (("x.json",), "is no benchmark's report")],
)
def test_what_cannot_be_reported_on_is_refused(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("x.json").write_text("{}")
    assert message in str(CliRunner().invoke(command, arguments, standalone_mode=False).exception)
    assert not Path("report.html").exists()


def plugin_sections(*specs: ReportSectionSpec):
    """A catalog of the core and a pack `lab` whose sections these are."""
    rooms = [candidate for candidate in installed_candidates() if candidate.name == "reports"]
    return plugin_sandbox(*rooms, in_memory_plugin("lab", specs))


def energy(subject):
    ((label, evaluation),) = subject.evaluations.items()
    rows = [[label, evaluation.metrics["return_mean"], None, Text("bad", "fail")]]
    parts = [Table([EVIL, "J", "", ""], rows), EVIL, Markup("<em>trusted</em>"), Code(EVIL), Definitions({EVIL: 1})]
    return Section(f"Energy of {subject.kind}", [*parts, Cards([Card(EVIL, 1234567, EVIL)])])


def broken(subject):
    raise KeyError(EVIL)


def test_a_plugin_adds_a_section_whose_text_is_escaped_and_whose_markup_is_kept(run):
    with plugin_sections(ReportSectionSpec(name="energy", section=f"{__name__}:energy", order=5)):
        page = report("run")
    assert "Energy of run" in page.text and "1,234,567" in page.text and "em" in page.names
    assert page.text.index("Energy of run") < page.text.index("Curves")
    assert "script" not in page.names and ("class", "fail") in page.attributes


def test_a_section_that_fails_is_named_in_its_place_and_the_rest_is_there(run):
    with plugin_sections(ReportSectionSpec(name="sad", section=f"{__name__}:broken")):
        result = CliRunner().invoke(command, ["run"], standalone_mode=False)
    page = Page(Path("report.html").read_text(encoding="utf-8"))
    assert result.return_value == 1 and "error: section sad of plugin lab: KeyError" in result.stderr
    assert "This section could not be made. section sad of plugin lab: KeyError" in page.text
    assert page.text.index("Curves") < page.text.index("section sad") < page.text.index("Provenance")
    assert "script" not in page.names


def test_a_missing_library_is_named_with_its_command_before_any_work(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    error = CliRunner().invoke(command, ["run"], standalone_mode=False).exception
    assert "reports need jinja2" in str(error) and "pip install 'genelab-core[report]'" in str(error)
    assert not Path("report.html").exists()


def test_a_page_is_replaced_with_force_only_and_by_the_same_bytes(run):
    report("run")
    first = Path("report.html").read_bytes()
    assert "report.html exists already" in str(CliRunner().invoke(command, ["run"], standalone_mode=False).exception)
    report("run")
    assert Path("report.html").read_bytes() == first


def draw(values) -> tuple[str, str]:
    """A drawing and the path of the curve in it."""
    panel = Panel("p", {"$x$": Curve(np.arange(len(values)), np.array(values))})
    svg = inline_drawing(panel, width=300, height=200, number=1).svg
    (path,) = re.findall(r'<path d="([^"]*)" style="fill: none; stroke: var\(--c0\)', svg)
    return svg, path


def test_a_curve_has_a_gap_where_it_is_unknown():
    assert draw([1.0, 2.0, np.nan, 4.0, 5.0])[1].count("M") == 2
    assert not Panel("p", {"a": Curve(np.arange(1), np.array([np.nan]))}).known()


def test_a_long_curve_is_thinned_but_keeps_its_extremes():
    values = np.random.default_rng(0).normal(size=50_000)
    values[7000], values[40_000] = 30.0, -30.0
    heights = [float(point.split()[1]) for point in re.split("[ML]", draw(values)[1])[1:]]
    assert len(heights) < 2000 and max(heights) - min(heights) == pytest.approx(172 / 1.1, abs=1.0)


def test_a_drawing_has_the_colours_of_the_page_and_no_name_of_its_own():
    svg, _ = draw([1.0, 2.0])
    assert "#" not in svg.replace('"#m', "") and "clip-path" not in svg and "font-family" not in svg
    style = resources.files("genelab.reports").joinpath("html/style.css").read_text(encoding="utf-8")
    for color, variable in VARIABLES.items():
        assert f"{variable}: {color}" in style


def test_tick_labels_have_a_prefix_from_ten_thousand_on():
    labels = {0.25: "0.25", 0.0: "0", 2.5e6: "2.5 M", 1e3: "1000", -2e4: "−20 k", 1e-5: "1e-05"}
    assert {value: tick_label(value, 0) for value in labels} == labels
