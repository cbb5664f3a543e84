from __future__ import annotations

from pathlib import Path

import pytest
from skrl_runs import ALGORITHMS, small_agent, train
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from genelab.rl.checkpoint import load_checkpoint
from genelab.testing import bit_differences
from genelab.testing.backend_contract import draw_from_all_streams
from genelab_backend_skrl.weights import checkpoint_files, load_payload


def everything(log_dir: Path, timestep: int) -> dict:
    files = checkpoint_files(log_dir)
    payload, _ = load_checkpoint(files.model(timestep))
    state, _ = load_checkpoint(files.state(timestep))
    del payload["genelab"]["pair"], state["pair"]
    return {"agent": payload, "state": state}


def folders(tmp_path: Path, *names: str) -> list[Path]:
    for name in names:
        (tmp_path / name).mkdir()
    return [tmp_path / name for name in names]


@pytest.mark.parametrize("half", [15, 12, 3])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_continued_training_equals_a_straight_one_bitwise(tmp_path, algorithm, half):
    """At 15 a rollout is half full; at 3 off-policy learning has not begun; at 30 the replay memory went round."""
    straight, parts = folders(tmp_path, "straight", "parts")
    fields = {"save_interval": half, "learning_rate_schedule": "adaptive"}
    train(straight, 30, agent=small_agent(algorithm, **fields))
    train(parts, half, agent=small_agent(algorithm, **fields))
    draw_from_all_streams()  # another process would find them elsewhere
    checkpoint = checkpoint_files(parts).model(half)
    result = train(parts, 30, agent=small_agent(algorithm, **fields), resume=checkpoint)
    assert (result.iteration, result.env_steps) == (30, 30 * 8)
    assert bit_differences(everything(straight, 30), everything(parts, 30)) == []
    before, _ = load_checkpoint(checkpoint)
    assert bit_differences(before["policy"], everything(parts, 30)["agent"]["policy"]) != []


def test_the_state_of_a_finished_rollout_is_not_saved_again(tmp_path):
    train(tmp_path, 12)
    assert everything(tmp_path, 12)["state"]["memory"]["rows"] == 0


def test_a_continued_run_counts_each_step_once(tmp_path):
    seen = []

    def on_iteration(iteration, env_steps, scalars):
        seen.append((iteration, env_steps))

    checkpoint = train(tmp_path, 12, on_iteration=on_iteration).checkpoint
    train(tmp_path, 24, on_iteration=on_iteration, resume=checkpoint)
    assert seen == [(6, 48), (12, 96), (18, 144), (20, 160), (24, 192)]
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("Loss / Policy loss")
    assert [event.step for event in events] == [6, 12, 18, 24]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_warm_start_takes_the_weights_and_the_normalisers_and_nothing_else(tmp_path, algorithm):
    first, second = folders(tmp_path, "first", "second")
    checkpoint = train(first, 24, agent=small_agent(algorithm)).checkpoint
    trained, _ = load_payload(checkpoint, algorithm)
    seen = []
    # One step fills no rollout and lies before the start of learning, so what is saved is what it began with.
    result = train(
        second,
        1,
        agent=small_agent(algorithm),
        warm_start=checkpoint,
        on_iteration=lambda iteration, env_steps, scalars: seen.append((iteration, env_steps)),
    )
    begun, _ = load_payload(result.checkpoint, algorithm)
    assert seen == [(1, 8)]
    learned = [name for name in trained if "optimizer" not in name and name not in ("genelab", "entropy_coefficient")]
    assert len(learned) >= 4
    assert bit_differences({k: trained[k] for k in learned}, {k: begun[k] for k in learned}) == []
    optimizers = [name for name in trained if "optimizer" in name]
    assert all(trained[name]["state"] and not begun[name]["state"] for name in optimizers)
    if algorithm == "SAC":
        assert begun["entropy_coefficient"]["log"].exp().item() == pytest.approx(0.2)
