"""Two ranks on the CPU: one policy, one set of statistics, one writer; and what happens when one of them dies."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from rslrl_runs import small_agent, small_env, train

from child_processes import start_python, wait_for
from genelab.rl.backends.base import TrainContext
from genelab.rl.checkpoint import load_checkpoint, save_tensors
from genelab.rl.distributed import World, joined
from genelab.rl.distribution_checks import without_distribution_checks
from genelab.testing import bit_differences

HERE = Path(__file__).parent
FOR_EVER = 1_000_000


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def train_as_rank(rank: int, port: int, folder: str, iterations: int, resume: str | None, note: str) -> None:
    """Train as one of two ranks and write what this rank ends with to `note`."""
    from genelab_backend_rslrl.runner import Runner

    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    world = World(rank, rank, 2)
    seen: list[list[int]] = []
    agent = small_agent("lstm", save_interval=2)
    ctx = TrainContext(
        task_id="Fake-v0",
        env=small_env(4, seed=world.seed(0)),
        agent=agent,
        log_dir=Path(folder),
        max_iterations=iterations,
        resume=None if resume is None else Path(resume),
        on_iteration=lambda iteration, env_steps, scalars: seen.append([iteration, env_steps]),
        should_stop=lambda: rank == 1 and iterations == FOR_EVER,
        world=world,
    )
    with joined(world), without_distribution_checks():
        runner = Runner(ctx, agent)
        result = runner.learn()
    ends_with = {
        "actor": dict(runner.algorithm.actor.state_dict()),
        "critic": dict(runner.algorithm.critic.state_dict()),
        "learning_rate": runner.algorithm.learning_rate,
        "returns": runner.metrics.state_dict()["returns"],
        "end": [result.iteration, result.env_steps, result.stopped],
        "random": torch.get_rng_state(),
        "iterations": seen,
    }
    save_tensors(Path(note), ends_with)


@pytest.fixture(scope="module")
def start_ranks():
    """Return a function that trains with two ranks and returns what each ended with."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["rslrl_runs", "genelab_backend_rslrl.runner"])

    def start(folder: Path, iterations: int, resume: Path | None = None) -> list[dict[str, Any]]:
        folder.mkdir(exist_ok=True)
        port, notes = free_port(), [folder.parent / f"{folder.name}_{iterations}_{rank}" for rank in (0, 1)]
        given = None if resume is None else str(resume)
        ranks = [
            context.Process(target=train_as_rank, args=(rank, port, str(folder), iterations, given, str(notes[rank])))
            for rank in (0, 1)
        ]
        for process in ranks:
            process.start()
        for process in ranks:
            process.join(60)
            assert process.exitcode == 0
        return [load_checkpoint(note)[0] for note in notes]

    return start


@pytest.fixture(scope="module")
def straight(start_ranks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks") / "straight"
    return folder, start_ranks(folder, 4)


def test_two_ranks_end_with_the_same_networks_statistics_and_learning_rate(straight):
    _, (first, second) = straight
    shared = ("actor", "critic", "learning_rate", "returns", "end")
    assert bit_differences({key: first[key] for key in shared}, {key: second[key] for key in shared}) == []
    # 4 iterations × 6 steps × 4 envs × 2 ranks
    assert first["end"] == [4, 192, False]
    assert first["actor"]["obs_normalizer.count"] == 192
    assert first["iterations"] == [[iteration, 48 * iteration] for iteration in (1, 2, 3, 4)]


def test_the_ranks_see_different_episodes_and_draw_from_different_streams(straight):
    folder, (first, second) = straight
    assert not torch.equal(first["random"], second["random"])
    goals = [load_checkpoint(folder / f"model_4{of}.state.pt")[0]["environment"] for of in ("", ".rank1")]
    assert bit_differences({"env": goals[0]}, {"env": goals[1]}) != []


def test_two_ranks_learn_from_other_data_than_one(straight, tmp_path):
    folder, _ = straight
    train(tmp_path, 4, agent=small_agent("lstm", save_interval=2), env=small_env(4))
    alone, together = (load_checkpoint(path / "model_4.pt")[0]["actor_state_dict"] for path in (tmp_path, folder))
    assert bit_differences(alone, together) != []


def test_rank_0_alone_writes_and_each_rank_keeps_its_state(straight):
    folder, _ = straight
    files = sorted(path.name for path in folder.iterdir() if not path.name.startswith("events."))
    states = [f"model_{number}{of}.state.pt" for number in (2, 4) for of in (".rank1", "")]
    models = [f"model_{number}.pt{suffix}" for number in (2, 4, "final") for suffix in ("", ".meta.json")]
    assert files == sorted(states + models)
    assert len(list(folder.glob("events.*"))) == 1


def test_two_and_two_iterations_of_two_ranks_equal_four_bitwise(start_ranks, straight, tmp_path):
    _, whole = straight
    start_ranks(tmp_path / "parts", 2)
    parts = start_ranks(tmp_path / "parts", 4, resume=tmp_path / "parts/model_2.pt")
    for rank in (0, 1):
        del whole[rank]["iterations"], parts[rank]["iterations"]
        assert bit_differences(whole[rank], parts[rank]) == []


def test_a_signal_to_one_rank_stops_all_after_the_same_iteration(start_ranks, tmp_path):
    first, second = start_ranks(tmp_path / "run", FOR_EVER)
    assert first["end"] == second["end"] == [1, 48, True]
    assert (tmp_path / "run/model_1.rank1.state.pt").exists()


# ---- through the command line


def genelab(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `genelab train --gpus 2` on a machine that seems to have two GPUs for the check alone."""
    driver = (
        "import sys, genelab.jobs.ranks as relaunch; relaunch.check_gpus = lambda count: None; "
        "from genelab.cli import main; main()"
    )
    words = ("-c", driver, f"--plugin={HERE / 'rank_world.py'}", "train", "Ranks-Fake-v0", *arguments)
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    return start_python(folder, *words, plugins="core,backend-rslrl", PYTHONPATH=path)


def rank_processes(process: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    return {child.environ()["RANK"]: child for child in psutil.Process(process.pid).children()}


def test_a_rank_killed_by_hand_ends_the_job_with_its_name(tmp_path):
    options = ("--num-envs-per-gpu", "4", "--agent.save_interval", "1", "--max-iterations", "100000")
    process = genelab(tmp_path, "--gpus", "2", *options, "--log-dir", "run")
    wait_for(process, tmp_path / "run/model_2.pt.meta.json")
    rank_processes(process)["1"].send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "error: rank 1 was killed by signal 9; the training of all ranks has ended" in err
    assert "--resume run --gpus 2" in err and "Traceback" not in err
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert (status["status"], status["error"].partition(";")[0]) == ("failed", "rank 1 was killed by signal 9")
    assert json.loads((tmp_path / "run/params/env.json").read_text())["env"]["simulation"]["num_envs"] == 8
