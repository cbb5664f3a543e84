from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from sb3_runs import ALGORITHMS, small_agent, small_env, train
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from genelab.rl.checkpoint import load_checkpoint
from genelab.testing import bit_differences
from genelab.utils.errors import GenelabError, UsageError
from genelab_backend_sb3.archive import read_archive
from genelab_backend_sb3.files import Sb3Files


def draw_from_all_streams() -> None:
    torch.rand(5)
    np.random.rand(5)
    random.random()


def everything(log_dir: Path, steps: int) -> dict:
    archive = read_archive(Sb3Files(log_dir).model(steps))
    state, _ = load_checkpoint(Sb3Files(log_dir).state(steps))
    del state["pair"]
    return {"weights": archive.weights, "variables": archive.variables, "state": state}


def two_folders(tmp_path) -> tuple[Path, Path]:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    return tmp_path / "a", tmp_path / "b"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_run_and_its_continuation_equal_a_straight_run_bitwise(tmp_path, algorithm):
    """With weights, optimisers, normaliser, replay buffer, environment and random streams."""
    straight, parts = two_folders(tmp_path)
    train(straight, 480, agent=small_agent(algorithm))
    train(parts, 240, agent=small_agent(algorithm))
    draw_from_all_streams()  # another process would find them elsewhere
    result = train(parts, 480, agent=small_agent(algorithm), resume=parts / "model_240_steps.zip")
    assert (result.iteration, result.env_steps) == (480, 480)
    assert bit_differences(everything(straight, 480), everything(parts, 480)) == []
    assert bit_differences(everything(straight, 240)["weights"], everything(parts, 480)["weights"]) != []
    replay = everything(parts, 480)["state"]["replay"]
    assert (replay is not None) == (algorithm in ("SAC", "TD3", "DDPG"))
    if replay is not None:
        assert replay["observations"].shape == (60, 8, 5)


def test_a_replay_buffer_that_has_come_round_is_continued_too(tmp_path):
    straight, parts = two_folders(tmp_path)
    agent = small_agent("SAC", buffer_size=8 * 20)
    train(straight, 480, agent=agent)
    train(parts, 240, agent=agent)
    train(parts, 480, agent=agent, resume=parts / "model_240_steps.zip")
    assert everything(parts, 480)["state"]["replay"]["full"]
    assert bit_differences(everything(straight, 480), everything(parts, 480)) == []


def test_only_filled_rows_of_a_replay_buffer_are_written(tmp_path):
    train(tmp_path, 240, agent=small_agent("SAC", buffer_size=400_000))
    assert Sb3Files(tmp_path).state(240).stat().st_size < 100_000


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_what_observers_do_at_a_checkpoint_does_not_change_the_training(tmp_path, algorithm):
    quiet, observed = two_folders(tmp_path)
    events = []

    def draw(kind, **data):
        events.append((kind, data["iteration"], Path(data["path"]).name))
        draw_from_all_streams()

    train(quiet, 480, agent=small_agent(algorithm))
    train(observed, 480, agent=small_agent(algorithm), notify=draw)
    assert events == [("checkpoint_saved", steps, f"model_{steps}_steps.zip") for steps in (240, 480)]
    assert bit_differences(everything(quiet, 480), everything(observed, 480)) == []


def test_a_continued_run_counts_and_logs_each_step_once(tmp_path):
    seen = []

    def on_iteration(iteration, env_steps, scalars):
        seen.append((iteration, env_steps))

    train(tmp_path, 240, on_iteration=on_iteration)
    train(tmp_path, 480, on_iteration=on_iteration, resume=tmp_path / "model_240_steps.zip")
    assert seen == [(steps, steps) for steps in range(48, 481, 48)]
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("train/value_loss")
    assert [event.step for event in events] == list(range(48, 481, 48))


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_a_stopped_training_saves_and_goes_on_from_there(tmp_path, algorithm):
    polled = []

    def should_stop():
        polled.append(True)
        return len(polled) == 3

    agent = small_agent(algorithm)
    result = train(tmp_path, 960, agent=agent, should_stop=should_stop)
    steps = 3 * 8 * (6 if algorithm == "PPO" else 1)
    assert (result.stopped, result.iteration, result.checkpoint.name) == (True, steps, f"model_{steps}_steps.zip")
    assert not (tmp_path / "model.zip").exists()
    assert train(tmp_path, 240, agent=agent, resume=result.checkpoint).iteration == 240


def test_only_the_two_newest_states_are_kept_and_the_error_offers_a_warm_start(tmp_path):
    train(tmp_path, 720)
    states = sorted(path.name for path in tmp_path.glob("*.state.pt"))
    assert states == ["model_480_steps.state.pt", "model_720_steps.state.pt"]
    with pytest.raises(GenelabError, match=r"state.pt is not there[\s\S]*--checkpoint .*model_240_steps.zip"):
        train(tmp_path, 960, resume=tmp_path / "model_240_steps.zip")


def test_the_final_model_can_be_continued_like_the_last_one(tmp_path):
    train(tmp_path, 96)
    assert train(tmp_path, 144, resume=tmp_path / "model.zip").iteration == 144


def test_a_run_cannot_be_continued_with_another_number_of_envs(tmp_path):
    train(tmp_path, 48)
    with pytest.raises(UsageError, match="trained with 8 envs, not 4"):
        train(tmp_path, 96, env=small_env(4), resume=tmp_path / "model_48_steps.zip")


def test_a_run_cannot_be_continued_with_another_replay_buffer(tmp_path):
    train(tmp_path, 160, agent=small_agent("SAC"))
    with pytest.raises(UsageError, match="holds 500 steps of each env, not 100"):
        train(tmp_path, 240, agent=small_agent("SAC", buffer_size=800), resume=tmp_path / "model_160_steps.zip")


def test_a_state_of_another_run_is_refused(tmp_path):
    first, second = two_folders(tmp_path)
    train(first, 48)
    train(second, 48)
    (first / "model_48_steps.state.pt").replace(second / "model_48_steps.state.pt")
    with pytest.raises(GenelabError, match=r"does not belong to model_48_steps\.zip"):
        train(second, 96, resume=second / "model_48_steps.zip")


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_a_warm_start_takes_the_weights_and_the_normaliser_and_nothing_else(tmp_path, algorithm):
    first, second = two_folders(tmp_path)
    train(first, 240, agent=small_agent(algorithm))
    counters = []
    # A learning rate that moves nothing shows what the weights were at the start.
    agent = small_agent(algorithm, learning_rate=1e-30, learning_starts=0)
    train(
        second,
        48,
        agent=agent,
        warm_start=first / "model_240_steps.zip",
        on_iteration=lambda iteration, *_: counters.append(iteration),
    )
    trained = read_archive(first / "model_240_steps.zip").weights["policy"]
    begun = read_archive(second / "model_48_steps.zip").weights["policy"]
    assert counters[0] == 48
    network = [name for name in trained if "normalizer" not in name and "target" not in name]
    assert all(torch.equal(trained[name], begun[name]) for name in network)
    counts = [name for name in trained if name.endswith("normalizer.count")]
    assert counts and all(begun[name] == trained[name] + 48 for name in counts)


def test_a_kill_between_state_and_model_leaves_the_newest_checkpoint_resumable(tmp_path, monkeypatch):
    """Also where the model of an abandoned continuation is about to be replaced."""
    train(tmp_path, 480)

    def killed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("genelab_backend_sb3.files.write_archive", killed)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, 480, resume=tmp_path / "model_240_steps.zip")
    newest = Sb3Files(tmp_path).models()[-1]
    assert newest.name == "model_240_steps.zip"
    assert train(tmp_path, 480, resume=newest).iteration == 480
