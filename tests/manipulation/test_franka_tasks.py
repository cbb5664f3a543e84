"""Pick-and-place and lift: contract, numbers, expert, rewards, what hindsight experience replay needs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from genelab.cli import root
from genelab.eval.protocol import evaluate_policy
from genelab.managers.term import resolve_entity
from genelab.mdp import GoalPositionCommandCfg
from genelab.plugins.tasks import load_task
from genelab.rl.demonstrations import read_demonstration_arrays
from genelab.testing import TaskContract
from genelab.utils.errors import UsageError
from genelab_tasks_manipulation.franka import lift_cube, terms
from genelab_tasks_manipulation.franka.expert import PickAndPlaceExpert
from genelab_tasks_manipulation.franka.robot import CUBE, HAND

TASK = "GeneLab-Franka-Pick-And-Place-v0"


class TestPickAndPlace(TaskContract):
    task = TASK
    num_envs = 10
    steps = 40

    @pytest.fixture(scope="class")
    @classmethod
    def env(cls, franka_env):
        return franka_env


def test_the_observations_have_the_documented_widths_and_order(franka_env):
    layout = franka_env.observation_layout
    assert {name: group.dim for name, group in layout.groups.items()} == {
        "observation": 35,
        "achieved_goal": 3,
        "desired_goal": 3,
    }
    assert [term.dim for term in layout.groups["observation"].terms] == [9, 9, 3, 3, 3, 3, 4, 1]
    assert franka_env.max_episode_length == 100 and franka_env.step_dt == 0.05


def test_the_expert_solves_goals_on_the_ground_and_at_every_height(franka_env):
    result = evaluate_policy(franka_env, PickAndPlaceExpert(franka_env), episodes=10, seed=0)
    assert [row["success_at_end"] for row in result.rows] == [1.0] * 10
    assert all(-60.0 < row["return"] < 20.0 for row in result.rows)


def test_evaluation_goals_lie_on_the_ground_in_three_of_ten_episodes_and_rise_in_the_others(franka_env):
    franka_env.reset(seed=0, options={"evaluation": True})
    heights = franka_env.command_manager.get("goal")[:, 2]
    assert torch.allclose(heights[:3], torch.tensor(0.02))
    assert (heights[3:].diff() > 0).all() and heights[3] > 0.02 and heights[9] <= 0.2


def test_the_reward_is_what_hindsight_computes_from_the_goals(franka_env):
    expert = PickAndPlaceExpert(franka_env)
    franka_env.reset(seed=1)
    expert.reset()
    franka_env.episode_length_buf += 40  # so that episodes end within the test
    for _ in range(60):
        observations, reward, terminated, truncated, extras = franka_env.step(expert({}))
        goals = extras.get("final_obs", observations)
        done = (terminated | truncated)[:, None]
        achieved, desired = (
            torch.where(done, goals[name], observations[name]) for name in ("achieved_goal", "desired_goal")
        )
        torch.testing.assert_close(terms.compute_reward(achieved, desired, {}), reward)
        assert torch.equal(extras["is_success"], (achieved - desired).norm(dim=1) <= terms.THRESHOLD)
    assert done.all()


def test_the_observation_of_another_goal_is_what_the_environment_would_have_shown(franka_env):
    franka_env.reset(seed=2, options={"evaluation": True})  # its noise repeats
    seen = franka_env.get_observations()
    term = franka_env.command_manager.terms["goal"]
    other = seen["desired_goal"] + 0.03
    term.load_command(other)
    shown = franka_env.observation_manager.scale(franka_env.observation_manager.compute(advance=False))["observation"]
    relabelled = terms.relabel_observation(seen["observation"], seen["desired_goal"], other)
    torch.testing.assert_close(relabelled[:, 21:30], shown[:, 21:30], atol=5e-3, rtol=0)
    torch.testing.assert_close(relabelled[:, 24:30], shown[:, 24:30], atol=1e-6, rtol=0)
    assert not torch.allclose(relabelled[:, 24:30], seen["observation"][:, 24:30], atol=0.01)


def test_a_toppled_moving_cube_starts_the_next_episode_upright_and_at_rest(franka_env):
    franka_env.reset(seed=0)
    cube, everyone = franka_env.scene["cube"], torch.ones(10, dtype=torch.bool)
    turned = torch.tensor([0.5, 0.5, 0.5, 0.5]).repeat(10, 1)
    cube.write_root(cube.root_pos + 0.05, turned, everyone, velocity=torch.full((10, 6), 0.5))
    franka_env.step(torch.zeros(10, 4))
    franka_env.reset()
    assert torch.allclose(cube.root_quat, torch.tensor([1.0, 0.0, 0.0, 0.0]))
    assert torch.equal(cube.root_lin_vel, torch.zeros(10, 3)) and torch.equal(cube.root_ang_vel, torch.zeros(10, 3))
    assert ((cube.root_pos - torch.tensor([0.5, 0.0, 0.02])).abs() <= torch.tensor([0.15, 0.15, 1e-6])).all()


def test_without_an_action_the_arm_holds_still(franka_env):
    franka_env.reset(seed=0)
    robot = franka_env.scene["robot"]
    before = robot.joint_pos
    for _ in range(20):
        franka_env.step(torch.zeros(10, 4))
    assert (robot.joint_pos - before)[:, :7].abs().max() < 0.01


def test_the_hand_moves_where_the_action_says_and_keeps_pointing_down(franka_env):
    franka_env.reset(seed=0)
    robot, down = franka_env.scene["robot"], torch.tensor([0.0, 1.0, 0.0, 0.0])
    hand = robot.find_links(("hand",))[0]
    before = robot.link_pos[:, hand]
    for _ in range(10):
        franka_env.step(torch.tensor([0.0, 1.0, 0.0, -1.0]).repeat(10, 1))
    moved = robot.link_pos[:, hand] - before
    assert (moved[:, 1] > 0.1).all() and moved[:, [0, 2]].abs().max() < 0.03
    assert (robot.link_quat[:, hand] @ down).abs().min() > 0.999
    assert robot.joint_pos[:, 7:].max() < 0.01  # closed on nothing


def test_lift_cube_rewards_the_way_to_the_cube_and_its_height(franka_env):
    expert = PickAndPlaceExpert(franka_env)
    franka_env.reset(seed=0, options={"evaluation": True})
    expert.reset()
    hand, cube = (resolve_entity(cfg, franka_env) for cfg in (HAND, CUBE))
    near = [lift_cube.reaching(franka_env, hand, cube, scale=0.1)]
    for _ in range(45):
        franka_env.step(expert({}))
        near.append(lift_cube.reaching(franka_env, hand, cube, scale=0.1))
    assert (near[-1] > 0.8).all() and (near[-1] > near[0]).all()
    assert lift_cube.lifted(franka_env, cube).sum() >= 3  # the other goals are lower
    assert torch.equal(franka_env.success, cube.entity.root_pos[:, 2] > 0.1)


@pytest.mark.parametrize("backend", ["rsl_rl", "skrl"])
def test_lift_cube_has_an_agent_for(backend):
    cfg = load_task("GeneLab-Franka-Lift-Cube-v0", backend=backend).cfg
    assert list(cfg.env.observations) == ["policy", "critic"] and cfg.agent is not None


def test_the_agent_has_the_documented_numbers_where_it_needs_no_others():
    agent = load_task(TASK).cfg.agent
    assert (agent.algorithm, agent.max_iterations, agent.buffer_size) == ("SAC", 2 * 10**6, 10**6)
    assert (agent.discount_factor, agent.tau, agent.her.n_sampled_goal) == (0.95, 0.05, 4)
    assert (agent.imitation.batch_share, agent.policy.net_arch) == (0.5, (256, 256))
    assert agent.policy.obs_normalization and agent.extra_kwargs == {"gradient_steps": 8, "ent_coef": 0.02}


def test_goals_beyond_the_reach_of_the_arm_are_refused(franka_env):
    box = {"low": (0.3, -0.2, 0.02), "high": (0.9, 0.2, 0.2), "reach": 0.855}
    with pytest.raises(UsageError, match=r"goals may lie 0.94 m away, beyond the reach of 0.855 m"):
        GoalPositionCommandCfg(**box).build(franka_env)
    with pytest.raises(UsageError, match="which is no box"):
        GoalPositionCommandCfg(**{**box, "low": (1.0, 0.0, 0.0)}).build(franka_env)


def test_the_command_records_the_expert_with_terminal_observations(franka_env, tmp_path, monkeypatch):
    monkeypatch.setattr("genelab.envs.make.make_env", lambda cfg: _Kept(franka_env))
    out = tmp_path / "demos.npz"
    arguments = [
        "demos",
        "collect",
        TASK,
        "--num-envs",
        "10",
        "--steps",
        "105",
        "--save-every",
        "50",
        "--out",
        str(out),
    ]
    assert root.main(arguments, standalone_mode=False) == 0
    arrays, about = read_demonstration_arrays(out)
    assert arrays["obs_observation"].shape == (105, 10, 35) and arrays["actions"].shape == (105, 10, 4)
    assert (about["task"], about["episodes"], about["successes"]) == (TASK, 10, 10)
    last = np.flatnonzero(arrays["dones"][:, 0])[0]
    assert arrays["truncateds"][last].all()
    ended, following = arrays["next_obs_achieved_goal"][last], arrays["obs_achieved_goal"][last + 1]
    assert np.linalg.norm(ended - arrays["obs_desired_goal"][last], axis=1).max() < 0.05
    assert np.abs(ended - following).max() > 0.01  # not the observation after the reset
    assert not (tmp_path / "demos.npz.partial").exists()
    json.dumps(about)


class _Kept:
    """An environment that `close` leaves open."""

    def __init__(self, env):
        self._env = env

    def __getattr__(self, name):
        return getattr(self._env, name)

    def close(self):
        pass
