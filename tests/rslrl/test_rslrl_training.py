from __future__ import annotations

import pytest
import torch
from rslrl_runs import small_agent, small_env, train

from genelab.rl.checkpoint import load_checkpoint
from genelab.utils.errors import GenelabError, UsageError
from genelab_backend_rslrl import RslRlSymmetryCfg
from genelab_backend_rslrl.backend import RslRlBackend
from genelab_backend_rslrl.vec_env import RslRlVecEnv


def test_training_writes_a_checkpoint_at_each_interval_and_a_final_one(tmp_path):
    result = train(tmp_path, 12)
    models = sorted(path.name for path in tmp_path.glob("model_*.pt") if "state" not in path.name)
    assert models == ["model_10.pt", "model_12.pt", "model_5.pt", "model_final.pt"]
    assert RslRlBackend().checkpoints(tmp_path) == [tmp_path / f"model_{iteration}.pt" for iteration in (5, 10, 12)]
    assert result.checkpoint == tmp_path / "model_12.pt"
    assert (result.iteration, result.env_steps, result.stopped) == (12, 12 * 6 * 8, False)
    last, _ = load_checkpoint(tmp_path / "model_12.pt")
    final, _ = load_checkpoint(tmp_path / "model_final.pt")
    assert all(torch.equal(last["actor_state_dict"][name], value) for name, value in final["actor_state_dict"].items())


@pytest.mark.parametrize(("rnn_type", "iterations"), [(None, 15), ("gru", 15)])
def test_training_improves_the_return(tmp_path, rnn_type, iterations):
    """Following the goal returns 10 in an episode of 10 steps."""
    returns = []

    def on_iteration(iteration, env_steps, scalars):
        if "return_mean" in scalars:
            returns.append(scalars["return_mean"])

    env = small_env(64, success_probability=1.0, action_cost=3.0)
    agent = small_agent(
        rnn_type,
        num_steps_per_env=20,
        save_interval=1000,
        algorithm={"num_learning_epochs": 5, "learning_rate": 1e-2, "entropy_coef": 0.0},
    )
    train(tmp_path, iterations, agent=agent, env=env, on_iteration=on_iteration)
    assert returns[0] < -15
    assert returns[-1] > 4


def test_the_environment_can_be_used_after_a_training(tmp_path):
    """Tensors made under torch.inference_mode could not be changed in place any more."""
    env = small_env()
    train(tmp_path, 1, env=env)
    env.episode_length_buf += 1
    env.goal.zero_()
    env.reset()
    assert (env.episode_length_buf == 0).all() and (env.goal != 0).all()
    assert not any(value.is_inference() for value in (env.goal, *env.get_observations().values()))


def test_actions_are_clipped_on_their_way_to_the_environment_only(tmp_path):
    env, seen = small_env(), []
    env.step_observers.append(lambda view: seen.append(view.action))
    wrapper = RslRlVecEnv(env, ("policy",), clip_actions=0.5)
    actions = torch.full((8, 2), 2.0)
    wrapper.step(actions)
    assert seen[0].eq(0.5).all()
    assert actions.eq(2.0).all()


def test_only_the_groups_that_are_read_are_passed_on():
    assert list(RslRlVecEnv(small_env(), ("policy",)).get_observations().keys()) == ["policy"]


def test_an_unknown_observation_group_is_named_with_its_neighbours():
    with pytest.raises(UsageError, match=r"unknown observation group 'polcy'[\s\S]*policy"):
        RslRlVecEnv(small_env(), ("polcy",))


def test_an_environment_that_reuses_its_buffers_is_refused():
    env = small_env()
    buffer = env.get_observations()

    def step(actions, step=env.step):
        return (buffer, *step(actions)[1:])

    env.step = step
    wrapper = RslRlVecEnv(env, ("policy",))
    wrapper.step(torch.zeros(8, 2))
    with pytest.raises(GenelabError, match="same tensor for observation group 'policy'"):
        wrapper.step(torch.zeros(8, 2))


def test_the_episode_counter_can_be_assigned_through_the_wrapper():
    env = small_env()
    RslRlVecEnv(env, ("policy",)).episode_length_buf = torch.full((8,), 4)
    assert env.episode_length_buf.eq(4).all()


CALLS: list[tuple[bool, bool]] = []


def mirror(env, obs, actions):
    assert isinstance(env, RslRlVecEnv)
    CALLS.append((obs is not None, actions is not None))
    if obs is not None:
        mirrored = obs.clone()
        mirrored["policy"][:, :2] *= -1
        obs = torch.cat([obs, mirrored])
    return obs, None if actions is None else torch.cat([actions, -actions])


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ({"use_data_augmentation": True}, {(True, True), (False, True)}),
        ({"use_mirror_loss": True, "mirror_loss_coeff": 1.0}, {(True, False), (False, True)}),
        ({}, set()),
    ],
)
def test_the_symmetry_function_is_called_only_for_what_it_is_used_for(tmp_path, uses, expected):
    CALLS.clear()
    symmetry = RslRlSymmetryCfg(data_augmentation_func=mirror, **uses)
    train(tmp_path, 1, agent=small_agent(algorithm={"symmetry_cfg": symmetry}))
    assert set(CALLS) == expected
