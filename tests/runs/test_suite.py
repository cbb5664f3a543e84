"""A benchmark's suite file: what is read from it and what is refused."""

from __future__ import annotations

import json

import pytest

from genelab.benchmark.suite import entry_names, read_suite
from genelab.utils.errors import UsageError

TASK = "Sample-Counter-v0"


@pytest.fixture
def read(workspace):
    def call(document):
        path = workspace / "suite.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return read_suite(path)

    return call


def test_a_list_of_tasks_and_checkpoints_is_a_suite(read, workspace):
    (workspace / "model_4.count").touch()
    (entry,) = read([{"task": "sample-counter-v0", "checkpoint": "model_4.count", "episodes": 7, "num_envs": 2}])
    assert (entry.task, entry.checkpoint, entry.policy) == (TASK, "model_4.count", workspace / "model_4.count")
    arguments = entry.arguments()
    assert arguments == [TASK, str(workspace / "model_4.count"), "--episodes=7", "--seed=0", "--num-envs=2"]


def test_defaults_hold_for_entries_that_do_not_say_otherwise(read):
    suite = {
        "defaults": {"episodes": 5, "policy": "zero", "group": "g", "overrides": {"env.decimation": 2}},
        "entries": [{"task": TASK}, {"task": TASK, "checkpoint": "random", "group": None, "overrides": {}}],
    }
    first, second = read(suite)
    assert (first.policy, first.episodes, first.group) == ("zero", 5, "g")
    assert first.arguments()[-1] == "--env.decimation=2"
    assert (second.policy, second.episodes, second.group, second.overrides) == ("random", 5, None, [])


def test_two_checkpoints_of_a_task_and_two_environments_of_a_checkpoint_are_different_entries(read):
    entries = read(
        [
            {"task": TASK, "checkpoint": "zero"},
            {"task": TASK, "checkpoint": "random"},
            {"task": TASK, "checkpoint": "zero", "randomized": True},
            {"task": TASK, "checkpoint": "zero", "overrides": {"env.decimation": 2}},
        ]
    )
    assert len(set(entry_names(entries))) == 4
    assert entry_names(entries[::-1]) == entry_names(entries)[::-1]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("[", "cannot read suite.json"),
        ([], "has at least one"),
        ({"entrys": []}, "did you mean entries?"),
        ({"entries": [{"task": TASK, "checkpoint": "zero"}], "defaults": []}, "defaults of a suite are an object"),
        ([3], "an entry is an object, not 3"),
        ([{"checkpoint": "zero"}], "needs a task"),
        ([{"task": TASK}], "needs a checkpoint"),
        ([{"task": TASK, "checkpoint": "zero", "episode": 3}], "did you mean episodes"),
        ({"defaults": {"sed": 1}, "entries": [{"task": TASK, "checkpoint": "zero"}]}, "did you mean seed"),
        ([{"task": "Sample-Countr-v0", "checkpoint": "zero"}], "did you mean Sample-Counter-v0"),
        ([{"task": TASK, "checkpoint": "nothing.pt"}], "no such checkpoint: nothing.pt"),
        ([{"task": TASK, "checkpoint": "zero", "policy": "zero"}], "are the same"),
        ([{"task": TASK, "checkpoint": "zero", "episodes": 0}], "episodes is 0"),
        ([{"task": TASK, "checkpoint": "zero", "episodes": True}], "episodes is True"),
        ([{"task": TASK, "checkpoint": "zero", "num_envs": "8"}], "num_envs is '8'"),
        ([{"task": TASK, "checkpoint": "zero", "group": 3}], "a group is a name"),
        ([{"task": TASK, "checkpoint": "zero", "randomized": 1}], "randomized is true or false"),
        ([{"task": TASK, "checkpoint": "zero", "overrides": {"decimation": 2}}], "dotted paths"),
        ([{"task": TASK, "checkpoint": "zero"}, {"task": TASK, "policy": "zero", "seed": 1}], "stands 2 times"),
    ],
)
def test_a_wrong_suite_is_refused_with_what_is_wrong(read, document, message):
    with pytest.raises(UsageError) as refused:
        read(document)
    assert message in str(refused.value) and "suite.json" in str(refused.value)
