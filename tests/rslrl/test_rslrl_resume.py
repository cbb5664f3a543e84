from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from rslrl_runs import small_agent, small_env, train, train_for_ever
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from genelab.rl.checkpoint import load_checkpoint, meta_path
from genelab.testing import bit_differences
from genelab.utils.errors import GenelabError, UsageError
from genelab_backend_rslrl.weights import checkpoint_files, load_payload


def draw_from_all_streams() -> None:
    torch.rand(5)
    np.random.rand(5)
    random.random()


def everything(log_dir: Path, iteration: int) -> dict:
    payload, _ = load_checkpoint(log_dir / f"model_{iteration}.pt")
    state, _ = load_checkpoint(checkpoint_files(log_dir).state(iteration))
    del payload["infos"]["pair"], state["pair"]
    return {"model": payload, "state": state}


@pytest.mark.parametrize("rnn_type", [None, "lstm", "gru"])
def test_twenty_iterations_equal_ten_and_ten_more_bitwise(tmp_path, rnn_type):
    straight, parts = tmp_path / "straight", tmp_path / "parts"
    straight.mkdir()
    parts.mkdir()
    train(straight, 20, agent=small_agent(rnn_type, save_interval=10))
    train(parts, 10, agent=small_agent(rnn_type, save_interval=10))
    draw_from_all_streams()  # another process would find them elsewhere
    result = train(parts, 20, agent=small_agent(rnn_type, save_interval=10), resume=parts / "model_10.pt")
    assert (result.iteration, result.env_steps) == (20, 20 * 6 * 8)
    assert bit_differences(everything(straight, 20), everything(parts, 20)) == []
    assert bit_differences(everything(straight, 10)["model"], everything(parts, 20)["model"]) != []
    if rnn_type is not None:
        hidden = everything(parts, 20)["state"]["hidden_states"]
        assert all(part.abs().sum() > 0 for state in hidden.values() for part in state)


def test_what_observers_do_at_a_checkpoint_does_not_change_the_training(tmp_path):
    quiet, observed = tmp_path / "quiet", tmp_path / "observed"
    quiet.mkdir()
    observed.mkdir()
    events = []

    def draw(kind, **data):
        events.append((kind, data["iteration"]))
        draw_from_all_streams()

    train(quiet, 10)
    train(observed, 10, notify=draw)
    assert events == [("checkpoint_saved", 5), ("checkpoint_saved", 10)]
    assert bit_differences(everything(quiet, 10), everything(observed, 10)) == []


def test_a_continued_run_counts_each_iteration_once(tmp_path):
    seen = []

    def on_iteration(iteration, env_steps, scalars):
        seen.append((iteration, env_steps))

    train(tmp_path, 7, on_iteration=on_iteration)
    train(tmp_path, 12, on_iteration=on_iteration, resume=tmp_path / "model_7.pt")
    assert seen == [(iteration, iteration * 48) for iteration in range(1, 13)]
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("Loss/value")
    assert [event.step for event in events] == list(range(1, 13))


def test_iterations_after_the_checkpoint_that_is_continued_are_logged_once(tmp_path):
    train(tmp_path, 8, agent=small_agent(save_interval=5))
    train(tmp_path, 8, agent=small_agent(save_interval=5), resume=tmp_path / "model_5.pt")
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("Loss/value")
    assert [event.step for event in events] == list(range(1, 9))


def test_a_stopped_training_saves_and_goes_on_from_there(tmp_path):
    done = []
    result = train(
        tmp_path, 20, on_iteration=lambda iteration, *_: done.append(iteration), should_stop=lambda: len(done) == 3
    )
    assert (result.stopped, result.iteration, result.checkpoint.name) == (True, 3, "model_3.pt")
    assert not (tmp_path / "model_final.pt").exists()
    assert train(tmp_path, 4, resume=result.checkpoint).iteration == 4


def test_only_the_two_newest_states_are_kept_and_the_error_offers_a_warm_start(tmp_path):
    train(tmp_path, 6, agent=small_agent(save_interval=2))
    assert sorted(path.name for path in tmp_path.glob("*.state.pt")) == ["model_4.state.pt", "model_6.state.pt"]
    with pytest.raises(GenelabError, match=r"model_2.state.pt is not there[\s\S]*--checkpoint .*model_2.pt"):
        train(tmp_path, 8, resume=tmp_path / "model_2.pt")


def test_the_final_model_can_be_continued_like_the_last_one(tmp_path):
    train(tmp_path, 4)
    assert train(tmp_path, 6, resume=tmp_path / "model_final.pt").iteration == 6


def test_a_run_cannot_be_continued_with_another_number_of_envs(tmp_path):
    train(tmp_path, 2)
    with pytest.raises(UsageError, match="trained with 8 envs, not 4"):
        train(tmp_path, 4, env=small_env(4), resume=tmp_path / "model_2.pt")


def test_a_state_of_another_run_is_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        train(tmp_path / name, 2)
    (tmp_path / "a/model_2.state.pt").replace(tmp_path / "b/model_2.state.pt")
    with pytest.raises(GenelabError, match=r"does not belong to model_2\.pt"):
        train(tmp_path / "b", 4, resume=tmp_path / "b/model_2.pt")


def test_a_warm_start_takes_the_weights_and_the_normaliser_and_nothing_else(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    train(first, 5)
    trained, _ = load_payload(first / "model_5.pt")
    start = {}

    def look(iteration, env_steps, scalars):
        start.setdefault("counters", (iteration, env_steps))

    # A learning rate that moves nothing shows what the weights were at the start.
    agent = small_agent(algorithm={"learning_rate": 1e-30, "schedule": "fixed"})
    train(second, 1, agent=agent, on_iteration=look, warm_start=first / "model_5.pt")
    begun, _ = load_payload(second / "model_1.pt")
    assert start["counters"] == (1, 48)
    network = [name for name in trained["actor_state_dict"] if not name.startswith("obs_normalizer")]
    assert all(torch.equal(trained["actor_state_dict"][name], begun["actor_state_dict"][name]) for name in network)
    count = "obs_normalizer.count"
    assert begun["actor_state_dict"][count] == trained["actor_state_dict"][count] + 48
    steps = [entry["step"] for entry in begun["optimizer_state_dict"]["state"].values()]
    assert all(step == 4 for step in steps)


def test_a_kill_between_state_and_model_leaves_the_newest_checkpoint_resumable(tmp_path, monkeypatch):
    """Also where the model of an abandoned continuation is about to be replaced."""
    agent = small_agent(save_interval=2)
    train(tmp_path, 4, agent=agent)

    def killed(path, payload, meta):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("genelab.rl.checkpoint_files.save_checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, 4, agent=agent, resume=tmp_path / "model_2.pt")
    newest = checkpoint_files(tmp_path).models()[-1]
    assert train(tmp_path, 4, agent=agent, resume=newest).iteration == 4


def test_a_killed_training_always_goes_on_from_its_last_checkpoint_as_if_nothing_had_happened(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["rslrl_runs", "genelab_backend_rslrl.runner"])
    moments = random.Random(3)
    resume, reached = None, 0
    chain, straight = tmp_path / "chain", tmp_path / "straight"
    chain.mkdir()
    straight.mkdir()
    for _ in range(5):
        child = context.Process(target=train_for_ever, args=(str(chain), resume))
        child.start()
        assert child.pid is not None
        deadline = time.monotonic() + 60
        last = None if resume is None else Path(resume)
        while not (models := checkpoint_files(chain).models()) or models[-1] == last:
            assert child.is_alive() and time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(moments.uniform(0.0, 0.15))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        last = checkpoint_files(chain).models()[-1]
        payload, _ = load_payload(last)
        assert payload["iter"] > reached
        resume, reached = str(last), payload["iter"]
    total, agent = reached + 2, small_agent("lstm", save_interval=1, logger="none")
    result = train(chain, total, agent=agent, resume=Path(str(resume)))
    assert not list(chain.glob(".model_*"))
    assert meta_path(result.checkpoint).exists()
    train(straight, total, agent=agent)
    assert bit_differences(everything(straight, total), everything(chain, total)) == []
