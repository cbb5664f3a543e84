from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch
from rslrl_runs import small_agent, train, train_for_ever

from genelab.rl.checkpoint import load_checkpoint, meta_path
from genelab.testing import bit_differences
from genelab.testing.backend_contract import draw_from_all_streams
from genelab_backend_rslrl.weights import checkpoint_files, load_payload


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
