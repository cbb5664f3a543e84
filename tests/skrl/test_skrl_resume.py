from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from skrl_runs import ALGORITHMS, small_agent, small_env, train
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from genelab.rl.checkpoint import load_checkpoint
from genelab.testing import bit_differences
from genelab.utils.errors import GenelabError, UsageError
from genelab_backend_skrl.backend import SkrlBackend
from genelab_backend_skrl.weights import checkpoint_files, load_payload


def draw_from_all_streams() -> None:
    torch.rand(5)
    np.random.rand(5)
    random.random()


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


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_what_observers_do_at_a_checkpoint_does_not_change_the_training(tmp_path, algorithm):
    quiet, observed = folders(tmp_path, "quiet", "observed")
    events = []

    def draw(kind, **data):
        events.append((kind, data["iteration"]))
        draw_from_all_streams()

    train(quiet, 40, agent=small_agent(algorithm))
    train(observed, 40, agent=small_agent(algorithm), notify=draw)
    assert events == [("checkpoint_saved", 20), ("checkpoint_saved", 40)]
    assert bit_differences(everything(quiet, 40), everything(observed, 40)) == []


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


def test_steps_after_the_checkpoint_that_is_continued_are_logged_once(tmp_path):
    train(tmp_path, 30, agent=small_agent(save_interval=12))
    train(tmp_path, 30, agent=small_agent(save_interval=12), resume=checkpoint_files(tmp_path).model(24))
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("Loss / Policy loss")
    assert [event.step for event in events] == [6, 12, 18, 24, 30]


def test_a_stopped_training_saves_at_once_and_goes_on_from_there(tmp_path):
    polled = []

    def stop() -> bool:
        polled.append(None)
        return len(polled) == 5

    result = train(tmp_path, 1000, agent=small_agent("SAC"), should_stop=stop)
    assert (result.stopped, result.iteration, result.checkpoint.name) == (True, 5, "agent_5.pt")
    assert train(tmp_path, 9, agent=small_agent("SAC"), resume=result.checkpoint).iteration == 9


def test_only_the_two_newest_states_are_kept_and_the_error_offers_a_warm_start(tmp_path):
    train(tmp_path, 18, agent=small_agent(save_interval=6))
    folder = tmp_path / "checkpoints"
    assert sorted(path.name for path in folder.glob("*.state.pt")) == ["agent_12.state.pt", "agent_18.state.pt"]
    with pytest.raises(GenelabError, match=r"agent_6.state.pt is not there[\s\S]*--checkpoint .*agent_6.pt"):
        train(tmp_path, 24, resume=folder / "agent_6.pt")


def test_a_run_cannot_be_continued_with_another_number_of_envs(tmp_path):
    checkpoint = train(tmp_path, 6).checkpoint
    with pytest.raises(UsageError, match="trained with 8 envs, not 4"):
        train(tmp_path, 12, env=small_env(4), resume=checkpoint)


def test_a_state_of_another_run_is_refused(tmp_path):
    a, b = folders(tmp_path, "a", "b")
    train(a, 6)
    checkpoint = train(b, 6).checkpoint
    checkpoint_files(a).state(6).replace(checkpoint_files(b).state(6))
    with pytest.raises(GenelabError, match=r"does not belong to agent_6\.pt"):
        train(b, 12, resume=checkpoint)


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


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_a_kill_between_state_and_model_leaves_the_newest_checkpoint_resumable(tmp_path, monkeypatch, algorithm):
    agent = small_agent(algorithm, save_interval=10)
    train(tmp_path, 20, agent=agent)

    def killed(path, payload, meta):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("genelab.rl.checkpoint_files.save_checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, 20, agent=agent, resume=checkpoint_files(tmp_path).model(10))
    newest = SkrlBackend().checkpoints(tmp_path)[-1]
    assert newest.name == "agent_10.pt"
    assert train(tmp_path, 20, agent=agent, resume=newest).iteration == 20
