"""`gymnasium.make_vec`: spaces, dtypes and autoreset as gymnasium expects them."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics

import genelab.gym  # noqa: F401  (registers the tasks)

TASK = "genelab/GeneLab-Inverted-Pendulum-v0"


@pytest.fixture(scope="module")
def vector_env():
    env = gymnasium.make_vec(TASK, num_envs=4)
    yield env
    env.close()


def test_every_task_is_registered_with_gymnasium():
    ids = [name for name in gymnasium.registry if name.startswith("genelab/")]
    assert TASK in ids and len(ids) >= 4


def test_spaces_are_batched_and_hold_what_comes_out(vector_env):
    assert vector_env.num_envs == 4
    assert vector_env.observation_space == batch_space(vector_env.single_observation_space, 4)
    assert vector_env.action_space == batch_space(vector_env.single_action_space, 4)
    observations, infos = vector_env.reset(seed=0)
    assert vector_env.observation_space.contains(observations) and infos == {}
    observations, rewards, terminations, truncations, _ = vector_env.step(vector_env.action_space.sample())
    assert vector_env.observation_space.contains(observations)
    assert rewards.shape == terminations.shape == truncations.shape == (4,)
    assert np.issubdtype(rewards.dtype, np.floating)
    assert terminations.dtype == truncations.dtype == np.bool_


def test_a_seed_repeats_the_episode(vector_env):
    first, _ = vector_env.reset(seed=5)
    again, _ = vector_env.reset(seed=5)
    other, _ = vector_env.reset(seed=6)
    assert np.array_equal(first["policy"], again["policy"]) and not np.array_equal(first["policy"], other["policy"])


def test_finished_envs_reset_in_the_same_step_and_report_the_final_observation(vector_env):
    assert vector_env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    vector_env.reset(seed=0)
    for _ in range(400):
        observations, _, terminations, truncations, infos = vector_env.step(np.ones((4, 1), dtype=np.float32))
        done = terminations | truncations
        assert ("final_obs" in infos) == bool(done.any())
        if done.any():
            break
    assert np.array_equal(infos["_final_obs"], done)
    index = int(done.nonzero()[0][0])
    assert infos["final_obs"][index].keys() == observations.keys()
    assert abs(infos["final_obs"][index]["critic"][1]) > 0.35 > abs(observations["critic"][index, 1])
    assert all(infos["final_obs"][i] is None for i in range(4) if not done[i])


def test_gymnasiums_own_wrappers_work_on_it(vector_env):
    env = DictInfoToList(RecordEpisodeStatistics(vector_env))
    env.reset(seed=0)
    for _ in range(400):
        _, _, terminations, truncations, infos = env.step(np.ones((4, 1), dtype=np.float32))
        done = terminations | truncations
        if done.any():
            break
    index = int(done.nonzero()[0][0])
    assert infos[index]["episode"]["l"] > 1 and np.isfinite(infos[index]["episode"]["r"])


def test_an_unknown_variant_is_refused():
    with pytest.raises(Exception, match="variant"):
        gymnasium.make_vec(TASK, num_envs=1, variant="nope")


def test_the_import_can_be_part_of_the_id():
    env = gymnasium.make_vec("genelab.gym:" + TASK, num_envs=1)
    assert env.spec is not None and env.spec.id == TASK
    env.close()
