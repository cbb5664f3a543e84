"""`--gpus`: what is refused before anything heavy starts, how GPUs are counted, and how ranks find their place."""

from __future__ import annotations

import ctypes
import os
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from genelab.cli import root
from genelab.config import SimulationCfg
from genelab.jobs import ranks as relaunch
from genelab.plugins.catalog import get_catalog
from genelab.rl.distributed import ALONE, LOST_PEER, World
from genelab.runs.ranks import check_gpus, check_same_ranks, pin_gpu
from genelab.runs.run_dir import RunDir
from genelab.sim import session
from genelab.utils import gpus
from genelab.utils.errors import UsageError
from genelab.utils.gpus import visible_gpus

PENDULUM = "GeneLab-Inverted-Pendulum-v0"


@pytest.fixture(autouse=True)
def no_rank(monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def installed(monkeypatch):
    """Return a function that sets how many GPUs the driver counts."""

    def install(count: int) -> None:
        monkeypatch.setattr(gpus, "_installed_gpus", lambda: count)

    install(0)
    return install


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(root, ["train", PENDULUM, *arguments])
    assert result.exit_code == 2, result.output
    return result.output


def test_more_gpus_than_there_are_is_refused_with_their_number(installed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "--gpus 2 needs 2 NVIDIA GPUs and there is none here" in refused("--gpus", "2")
    installed(1)
    assert "--gpus 2 needs 2 NVIDIA GPUs and there is one here" in refused("--gpus", "2")
    installed(3)
    assert "there are 3 here\n  fix:   --gpus 3" in refused("--gpus", "4")
    assert "there are 3 here" in refused("--gpus", "4", "--seeds", "1,2")
    assert not list(tmp_path.iterdir())
    check_gpus(3)


def test_envs_that_do_not_divide_are_refused_with_numbers_that_do(installed):
    installed(2)
    said = refused("--gpus", "2", "--num_envs", "33")
    assert "33 envs cannot be shared equally by 2 GPUs" in said and "--num-envs 32 or 34" in said
    assert "--num-envs 3, or" in refused("--gpus", "3", "--num_envs", "1")


def test_the_number_of_envs_is_given_once(installed):
    assert "both set the number of envs" in refused("--gpus", "2", "--num_envs", "32", "--num_envs_per_gpu", "16")


@pytest.mark.parametrize("backend", ["sb3", "skrl"])
def test_a_backend_that_trains_in_one_process_names_those_that_do_not(installed, backend):
    installed(2)
    said = refused("--gpus", "2", "--backend", backend)
    assert f"{backend} trains in one process, not on 2 GPUs" in said
    able = [name for name, spec in get_catalog().backends.items() if "distributed" in spec.capabilities]
    assert f"--backend {' or '.join(able)}" in said


def test_gpus_that_differ_from_the_ranks_that_run_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "RANK" in refused("--gpus", "4")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert "--gpus 4, and 2 ranks run already" in refused("--gpus", "4")
    assert "a rank of torch.distributed.run trains one seed" in refused("--seeds", "1,2")


def test_a_run_goes_on_with_as_many_ranks_as_it_had(tmp_path):
    checkpoint = tmp_path / "model_1.pt"
    (tmp_path / "model_1.pt.meta.json").write_text('{"ranks": 2}')
    check_same_ranks(2, checkpoint)
    with pytest.raises(UsageError, match=r"trained by 2 ranks and cannot go on exactly with 1[\s\S]*--gpus 2"):
        check_same_ranks(1, checkpoint)


@pytest.mark.parametrize(
    ("variable", "count", "expected"),
    [
        (None, 2, ["0", "1"]),
        ("", 2, []),
        ("1", 2, ["1"]),
        ("1, 0", 2, ["1", "0"]),
        ("0,5,1", 2, ["0"]),
        ("-1", 2, []),
        ("GPU-abc", 1, ["GPU-abc"]),
        ("0", 0, []),
    ],
)
def test_the_visible_gpus_are_those_that_cuda_would_see(installed, monkeypatch, variable, count, expected):
    installed(count)
    if variable is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    assert visible_gpus() == expected


def test_without_a_driver_there_are_no_gpus(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert visible_gpus() == []


def test_each_rank_sees_its_own_gpu_only(installed, monkeypatch):
    installed(4)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    with pytest.raises(UsageError, match="rank 5 has no GPU of its own: there are 2"):
        pin_gpu(World(5, 2, 6))
    pin_gpu(ALONE)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,1"
    pin_gpu(World(1, 1, 2))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"


def test_a_process_alone_needs_no_library_for_what_ranks_do_together():
    assert World.from_environment() == ALONE
    assert ALONE.gather({"a": 1}) == [{"a": 1}] and ALONE.any(True) and not ALONE.any(False)
    assert ALONE.mean({"a": 1.0}) == {"a": 1.0} and ALONE.seed(7) == 7


def test_ranks_of_neighbouring_seeds_do_not_share_their_streams():
    seeds = [World(rank, rank, 4).seed(seed) for seed in range(10) for rank in range(4)]
    assert len(set(seeds)) == 40


def test_the_culprit_is_the_first_rank_that_did_not_merely_lose_another():
    def failures(*ends):
        return {rank: SimpleNamespace(exitcode=code, timestamp=when) for rank, (code, when) in enumerate(ends)}

    assert relaunch._culprit(failures((LOST_PEER, 1), (-9, 2), (1, 3)))[0] == 1
    assert relaunch._culprit(failures((LOST_PEER, 2), (LOST_PEER, 1)))[0] == 1


def test_the_end_of_a_rank_is_written_to_the_status_that_the_first_could_not_write(tmp_path):
    run = RunDir(tmp_path)
    run.write_status("failed", error="another rank ended")
    error = relaunch._report(run, 2, 1, SimpleNamespace(exitcode=-9, timestamp=0))  # pyright: ignore
    assert str(error).startswith("rank 1 was killed by signal 9; the training of all ranks has ended")
    assert run.status()["error"] == "rank 1 was killed by signal 9; the training of all ranks has ended"
    run.write_status("failed", error="its own words")
    relaunch._report(run, 2, 0, SimpleNamespace(exitcode=1, timestamp=0))  # pyright: ignore
    assert run.status()["error"] == "its own words"


def test_genesis_gets_a_seed_that_it_takes(monkeypatch):
    given = {}

    class Genesis:
        cpu = cuda = None

        class logger:
            addFilter = staticmethod(lambda concerns: None)

            class handler:
                setStream = staticmethod(lambda stream: None)

        init = staticmethod(given.update)

    monkeypatch.setattr(session, "import_genesis", lambda: Genesis)
    session._initialise(SimulationCfg(), gpu=False, seed=2**32 - 1)
    assert given["seed"] == 2**31 - 1


def test_an_incomplete_place_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(UsageError, match="the place of this process is not clear"):
        World.from_environment()
