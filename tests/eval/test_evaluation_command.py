"""`genelab eval` and `genelab.evaluate`, in a fake environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from scored import check_schema, zeros

import genelab
from genelab.cli.eval import command
from genelab.envs import make
from genelab.rl.checkpoint import save_checkpoint
from genelab.testing import FakeVecEnv
from genelab.testing.sandbox import plugin_sandbox
from genelab.utils.errors import GenelabError, UsageError

TASK = "Sample-Eval-v0"
SETTINGS = {"max_episode_length": 10, "failure_steps": (1, 3)}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Work in an empty folder, with fake environments; returns what was asked of `make_env`."""
    asked: list[dict] = []

    def make_env(cfg, *, num_envs=None, seed=None, render_envs=0):
        asked.append({"cfg": cfg, "num_envs": num_envs, "seed": seed, "render_envs": render_envs})
        return FakeVecEnv(num_envs, seed=seed, **SETTINGS)

    monkeypatch.setattr(make, "make_env", make_env)
    monkeypatch.chdir(tmp_path)
    with plugin_sandbox(Path(__file__).with_name("eval_samples.py")):
        yield asked


def run(*arguments: str):
    """Run `genelab eval` and return click's result; a `GenelabError` is in `result.exception`."""
    return CliRunner().invoke(command, [str(argument) for argument in arguments], standalone_mode=False)


def write_checkpoint(path: Path, *, weight: float = 0.1, layout: dict | None = None) -> Path:
    layout = layout or FakeVecEnv(1, **SETTINGS).observation_layout.to_json()
    meta = {"task": TASK, "backend": "one", "iteration": 7, "env_steps": 70, "observation_layout": layout}
    save_checkpoint(path, {"weight": weight}, meta)
    return path


def test_the_zero_policy_is_measured_and_written(made):
    result = run(TASK, "zero")
    assert result.exception is None, result.output
    document = json.loads(Path("eval.json").read_text())
    check_schema(document)
    assert len(document["episodes"]) == 100 and document["policy"]["kind"] == "zero"
    assert document["protocol"]["domain_randomization"] == "off"
    assert {plugin["name"] for plugin in document["environment"]["plugins"]} >= {"eval_samples"}
    assert "return" in result.output and "success_at_end" in result.output and "eval.json" in result.output
    assert made[0]["num_envs"] == 100 and made[0]["seed"] == 0


def test_options_reach_the_evaluation(made):
    result = run(
        TASK,
        "random",
        "--num_envs",
        4,
        "--episodes",
        12,
        "--seed",
        3,
        "--out",
        "x/r.json",
        "--env.decimation",
        2,
        "--json",
    )
    assert result.exception is None, result.output
    document = json.loads(result.stdout)
    assert document == json.loads(Path("x/r.json").read_text())
    assert (document["num_episodes"], document["seed"], document["policy"]["kind"]) == (12, 3, "random")
    assert document["protocol"]["num_envs"] == 4 and document["protocol"]["overrides"] == ["env.decimation=2"]
    assert made[0]["cfg"].decimation == 2


def test_a_checkpoint_is_described(made):
    path = write_checkpoint(Path("model.one"))
    document = genelab.evaluate(TASK, path, episodes=8)
    check_schema(document)
    policy = document["policy"]
    assert (policy["kind"], policy["backend"], policy["iteration"], policy["env_steps"]) == ("checkpoint", "one", 7, 70)
    assert len(policy["sha256"]) == 64 and document["checkpoint"] == "model.one"
    assert not Path("eval.json").exists()


def test_a_policy_of_another_layout_is_refused_term_by_term(made):
    layout = FakeVecEnv(1, **SETTINGS).observation_layout.to_json()
    layout["policy"]["terms"][0]["scale"] = [5.0, 5.0]
    path = write_checkpoint(Path("model.one"), layout=layout)
    result = run(TASK, path)
    assert isinstance(result.exception, GenelabError) and result.exception.exit_code == 1
    assert "goal[2] scale 5.0" in str(result.exception)
    assert not Path("eval.json").exists()


def test_a_broken_checkpoint_writes_no_score(made):
    path = write_checkpoint(Path("model.one"), weight=float("nan"))
    result = run(TASK, path)
    assert isinstance(result.exception, GenelabError) and result.exception.exit_code == 1
    assert list(Path().glob("eval*")) == []


def test_a_python_function_is_a_policy(made):
    document = genelab.evaluate(TASK, zeros, episodes=8)
    check_schema(document)
    assert document["policy"]["kind"] == "callable"
    zero = genelab.evaluate(TASK, "zero", episodes=8, num_envs=2)
    assert [row["return"] for row in document["episodes"]] == [row["return"] for row in zero["episodes"]]
    assert document["protocol"]["protocol_sha256"] == zero["protocol"]["protocol_sha256"]


def test_metrics_of_plugins_are_measured_with_their_unit(made):
    document = genelab.evaluate(TASK, lambda observations: zeros(observations) + 0.5, episodes=8)
    effort = document["aggregates"]["custom"]["effort"]
    assert effort["unit"] == "1" and effort["higher_is_better"] is False
    assert [row["metrics"]["effort"] for row in document["episodes"]] == [row["length"] for row in document["episodes"]]
    assert "never" not in document["aggregates"]["custom"]


def test_chosen_metrics_only(made):
    assert "effort" not in genelab.evaluate(TASK, episodes=4, metrics=["never"])["aggregates"]["custom"]
    with pytest.raises(UsageError, match="effrot"):
        genelab.evaluate(TASK, episodes=4, metrics=["effrot"])


def test_randomized_evaluates_the_training_environment(made):
    run(TASK, "zero", "--randomized", "--episodes", 4, "--env.action_noise_std", 0.3)
    document = json.loads(Path("eval.json").read_text())
    assert document["protocol"]["env_config"] == "env" and document["protocol"]["domain_randomization"] == "train"
    assert made[0]["cfg"].action_noise_std == 0.3


def test_an_override_that_would_change_nothing_is_refused(made):
    result = run(TASK, "zero", "--play_env.decimation", 2)
    assert isinstance(result.exception, UsageError) and "eval_env" in str(result.exception)
    assert made == []


def test_films_lie_beside_the_report(made):
    run(TASK, "zero", "--episodes", 4, "--video", 2, "--out", "a.json")
    rows = json.loads(Path("a.json").read_text())["episodes"]
    assert [row["video"] for row in rows] == ["a_videos/episode_0000.mp4", "a_videos/episode_0001.mp4", None, None]
    assert all(Path(row["video"]).stat().st_size > 0 for row in rows[:2])
    assert made[0]["render_envs"] == 2


def test_missing_episodes_exit_with_1_and_a_partial_report(made):
    result = run(TASK, "zero", "--episodes", 40, "--num-envs", 4, "--max-steps", 12)
    assert isinstance(result.exception, GenelabError) and result.exception.exit_code == 1
    assert not Path("eval.json").exists()
    partial = json.loads(Path("eval.partial.json").read_text())
    check_schema(partial)
    assert 0 < len(partial["episodes"]) < 40


def test_an_existing_file_is_replaced_only_with_force(made):
    Path("eval.json").write_text("mine")
    refused = run(TASK, "zero", "--episodes", 2)
    assert isinstance(refused.exception, UsageError) and made == []
    assert Path("eval.json").read_text() == "mine"
    assert run(TASK, "zero", "--episodes", 2, "--force").exception is None
    assert json.loads(Path("eval.json").read_text())["num_episodes"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Sample-Evil-v0", "zero"], "Sample-Eval-v0"),
        ([TASK, "nothing.one"], "no such checkpoint"),
        (["Sample-Scene-v0", "zero"], "no rewards"),
        ([TASK, "zero", "--episodes", "0"], "0 is not in the range"),
        ([TASK, "zero", "--num-envs", "many"], "many"),
        ([TASK, "zero", "--env.decimatoin", "2"], "decimation"),
    ],
)
def test_wrong_usage_exits_with_2_before_an_environment_is_made(made, arguments, message):
    result = run(*arguments)
    assert (
        result.exception.exit_code == 2 and message in f"{result.exception}{getattr(result.exception, 'message', '')}"
    )
    assert made == []


def test_the_rows_are_the_same_for_every_number_of_envs(made):
    documents = [genelab.evaluate(TASK, zeros, episodes=30, num_envs=n) for n in (1, 8, 64)]
    starts = [[(row["seed"], row["init_hash"], row["return"]) for row in item["episodes"]] for item in documents]
    assert starts[0] == starts[1] == starts[2]


@pytest.mark.parametrize("policy", ["zero", "random"])
def test_only_checkpoints_act_stochastically(made, policy):
    """It was ignored once, and the report said that noise had been there."""
    result = run(TASK, policy, "--stochastic")
    assert isinstance(result.exception, UsageError)
    assert "no exploration noise" in str(result.exception)
    assert made == []


def test_stochastic_needs_exploration_noise(made):
    result = run(TASK, write_checkpoint(Path("model.one")), "--stochastic")
    assert isinstance(result.exception, UsageError) and "exploration" in str(result.exception)
