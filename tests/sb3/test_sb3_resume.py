from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sb3_runs import ALGORITHMS, small_agent, train

from genelab.rl.checkpoint import load_checkpoint
from genelab.testing import bit_differences
from genelab.testing.backend_contract import draw_from_all_streams
from genelab.utils.errors import UsageError
from genelab_backend_sb3.archive import read_archive
from genelab_backend_sb3.files import Sb3Files


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


def test_a_run_cannot_be_continued_with_another_replay_buffer(tmp_path):
    train(tmp_path, 160, agent=small_agent("SAC"))
    with pytest.raises(UsageError, match="holds 500 steps of each env, not 100"):
        train(tmp_path, 240, agent=small_agent("SAC", buffer_size=800), resume=tmp_path / "model_160_steps.zip")


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
