"""Scalars of a run, read back from event files that are made here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from torch.utils.tensorboard import SummaryWriter

from genelab.eval.aggregates import aggregates
from genelab.reports.curves import RunLog
from genelab.runs.eval_schedule import TrainingEvaluation
from genelab.utils.errors import GenelabError
from genelab.utils.records import to_record


def write_events(run, values, *, first=1, tag="Train/mean_reward", part=0, **settings):
    """Write an event file with a value for each step from `first` on; `part` orders the files of a run."""
    writer = SummaryWriter(str(run / "writing"), **settings)
    for step, value in enumerate(values, start=first):
        writer.add_scalar(tag, value, step)
    writer.close()
    (written,) = (run / "writing").iterdir()
    return written.replace(run / f"events.out.tfevents.{part}")


def test_scalars_come_back_in_order_with_a_gap_where_a_value_is_not_finite(tmp_path):
    write_events(tmp_path, [1.0, float("nan"), 3.0])
    curve = RunLog(tmp_path).scalars["Train/mean_reward"]
    np.testing.assert_array_equal(curve.steps, [1, 2, 3])
    np.testing.assert_array_equal(curve.values, [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(curve.finite().steps, [1, 3])


def test_what_is_logged_is_read_once_and_from_all_files(tmp_path):
    write_events(tmp_path, [1.0], tag="a", part=0)
    write_events(tmp_path, [2.0], tag="b", part=1)
    log = RunLog(tmp_path)
    assert log.has_events() and list(log.scalars) == ["a", "b"]
    (tmp_path / "events.out.tfevents.0").unlink()
    assert list(log.scalars) == ["a", "b"]


def test_iterations_that_a_continuation_did_again_count_once(tmp_path):
    write_events(tmp_path, [1.0, 2.0, 3.0, 4.0], part=0)
    write_events(tmp_path, [30.0, 40.0, 50.0], first=3, part=1)
    curve = RunLog(tmp_path).scalars["Train/mean_reward"]
    np.testing.assert_array_equal(curve.steps, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(curve.values, [1.0, 2.0, 30.0, 40.0, 50.0])


def test_what_the_writer_purged_is_gone_from_every_curve(tmp_path):
    write_events(tmp_path, [1.0, 2.0, 3.0], tag="loss", part=0)
    write_events(tmp_path, [9.0], first=2, part=1, purge_step=2)
    assert list(RunLog(tmp_path).scalars["loss"].steps) == [1]


def test_a_half_written_event_at_the_end_is_left_out(tmp_path):
    path = write_events(tmp_path, [1.0, 2.0])
    path.write_bytes(path.read_bytes()[:-5])
    assert list(RunLog(tmp_path).scalars["Train/mean_reward"].values) == [1.0]


def test_a_file_that_holds_something_else_is_an_error(tmp_path):
    (tmp_path / "events.out.tfevents.0").write_bytes(bytes(range(256)))
    with pytest.raises(GenelabError, match="holds no event"):
        _ = RunLog(tmp_path).scalars


def test_an_evaluation_that_is_being_written_is_left_out(tmp_path):
    assert RunLog(tmp_path).evaluations == []
    numbers = {"env_steps": 8, "lower_bound": None, "best": False, "evaluated_at": "2026-01-01", "metrics": {}}
    line = TrainingEvaluation(iteration=1, aggregates=aggregates([], {}), **numbers)
    written = json.dumps(to_record(line))
    (tmp_path / "evaluations.jsonl").write_text(written + '\n{"iterat')
    assert RunLog(tmp_path).evaluations == [line]
    (tmp_path / "evaluations.jsonl").write_text('{"iterat\n' + written + "\n")
    with pytest.raises(GenelabError, match="damaged"):
        _ = RunLog(tmp_path).evaluations


def test_iterations_are_told_in_environment_steps(tmp_path):
    assert RunLog(tmp_path).env_steps_per_iteration is None
    (tmp_path / "status.json").write_text(json.dumps({"status": "finished", "iteration": 5, "env_steps": 480}))
    assert RunLog(tmp_path).env_steps_per_iteration == 96.0
