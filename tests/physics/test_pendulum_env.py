"""The inverted pendulum in Genesis: the step's contract."""

from __future__ import annotations

import math

import mujoco
import pytest
import torch

from genelab.utils.errors import GenelabError


def actions(env, steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(env.num_envs, 1, generator=generator) for _ in range(steps)]


def rollout(env, steps, seed=0):
    return [env.step(action) for action in actions(env, steps, seed)]


def test_reset_starts_near_the_default_state(pendulum_env):
    pendulum_env.reset(seed=1)
    robot = pendulum_env.scene["robot"]
    assert robot.joint_pos.abs().max() <= 0.05
    assert robot.joint_pos.std() > 0.005
    assert robot.joint_vel.abs().max() <= 0.05


def test_the_same_seed_gives_the_same_rollout(pendulum_env):
    runs = []
    for _ in range(2):
        first, _ = pendulum_env.reset(seed=7)
        runs.append([first["policy"], *[step[0]["policy"] for step in rollout(pendulum_env, 40)]])
    assert all(torch.equal(a, b) for a, b in zip(*runs, strict=True))


def test_the_pole_follows_the_same_dynamics_as_in_mujoco(pendulum_env):
    """Free swing of the pole with a resting cart, Genesis against MuJoCo on the same file."""
    robot = pendulum_env.scene["robot"]
    pendulum_env.reset(seed=1)
    start = torch.tensor([[0.0, 0.2]]).repeat(8, 1)
    robot.write_joints(start, torch.zeros(8, 2), torch.ones(8, dtype=torch.bool))
    robot.target = torch.zeros(8, 2)
    model = mujoco.MjModel.from_xml_path(robot.cfg.mjcf())
    data = mujoco.MjData(model)
    data.qpos[1] = 0.2
    for _ in range(10):
        pendulum_env.scene.step()
        for _ in range(pendulum_env.cfg.decimation):
            data.qfrc_applied[0] = 80.0 * (0.0 - data.qpos[0]) - 8.0 * data.qvel[0]
            mujoco.mj_step(model, data)
    assert robot.joint_pos[0].tolist() == pytest.approx(data.qpos.tolist(), abs=2e-3)


def test_a_finished_env_is_reset_and_the_others_are_untouched(pendulum_env):
    """Two rollouts that differ only in env 3 falling over agree bit by bit in all other envs."""
    results = []
    for tip in (False, True):
        pendulum_env.reset(seed=3)
        robot = pendulum_env.scene["robot"]
        if tip:
            mask = torch.zeros(8, dtype=torch.bool)
            mask[3] = True
            robot.write_joints(robot.joint_pos + torch.tensor([0.0, 0.5]), robot.joint_vel, mask)
        steps = rollout(pendulum_env, 10)
        results.append((steps, robot.joint_pos.clone()))
    (calm, calm_pos), (tipped, tipped_pos) = results
    assert tipped[0][2][3] and not calm[0][2][3]
    finished = torch.stack([step[2] for step in (*calm, *tipped)]).any(dim=0)
    others = (~finished).nonzero().flatten().tolist()
    assert len(others) >= 4 and 3 not in others
    assert torch.equal(calm_pos[others], tipped_pos[others])
    assert tipped_pos[3, 1].abs() < 0.4
    assert torch.equal(calm[-1][0]["critic"][others], tipped[-1][0]["critic"][others])


def test_final_obs_is_the_state_before_the_reset(pendulum_env):
    pendulum_env.reset(seed=3)
    robot = pendulum_env.scene["robot"]
    robot.write_joints(torch.tensor([[0.0, 0.45]]).repeat(8, 1), torch.zeros(8, 2), torch.ones(8, dtype=torch.bool))
    observations, _, terminated, truncated, extras = pendulum_env.step(torch.zeros(8, 1))
    assert terminated.all() and not truncated.any()
    assert (extras["final_obs"]["critic"][:, 1] > 0.4).all()
    assert (observations["critic"][:, 1].abs() <= 0.06).all()
    assert extras["termination_terms"]["pole_fell"].all()


def test_time_limit_truncates_and_does_not_terminate(pendulum_env):
    pendulum_env.reset(seed=3)
    pendulum_env.episode_length_buf = torch.full((8,), pendulum_env.max_episode_length - 1)
    _, _, terminated, truncated, _ = pendulum_env.step(torch.zeros(8, 1))
    assert truncated.all() and not terminated.any()
    assert (pendulum_env.episode_length_buf == 0).all()


def test_reward_is_the_documented_sum_of_terms(pendulum_env):
    pendulum_env.reset(seed=5)
    pendulum_env.step(torch.zeros(8, 1))
    _, reward, *_ = pendulum_env.step(torch.full((8, 1), 0.1))
    robot = pendulum_env.scene["robot"]
    x, angle = robot.joint_pos.unbind(1)
    x_dot, angle_dot = robot.joint_vel.unbind(1)
    rate = 1.0 + 3.0 * angle.cos() - 0.5 * angle**2 - 0.05 * x**2 - 0.005 * x_dot**2 - 0.01 * angle_dot**2
    expected = (rate - 0.005 * 0.1**2) * 0.01
    assert reward == pytest.approx(expected, abs=1e-6)


def test_observation_noise_is_bounded_and_only_for_the_policy(pendulum_env):
    pendulum_env.reset(seed=5)
    observations = pendulum_env.step(torch.zeros(8, 1))[0]
    noise = (observations["policy"] - observations["critic"]).abs()
    bounds = torch.tensor([0.005, 0.005, 0.05 * 0.1, 0.05 * 0.1, 0.1 * 0.2, 0.1 * 0.2, 0.1 * 0.2, 0.0])
    assert (noise <= bounds + 1e-6).all()
    assert noise[:, 0].max() > 0.0005


def test_pushes_add_to_the_velocity_of_the_cart_only(pendulum_env):
    pendulum_env.reset(seed=5)
    robot = pendulum_env.scene["robot"]
    before = robot.joint_vel.clone()
    mask = torch.arange(8) < 4
    term = next(t for t in pendulum_env.event_manager._by_mode["interval"] if t.name == "push_cart")
    term(pendulum_env, mask)
    change = robot.joint_vel - before
    assert (change[:4, 0].abs() > 0).all() and (change[:4, 0].abs() <= 0.5).all()
    assert torch.equal(change[4:], torch.zeros(4, 2)) and torch.equal(change[:, 1], torch.zeros(8))


def test_pushes_come_at_the_documented_times(pendulum_env):
    pendulum_env.reset(seed=6)
    due = pendulum_env.event_manager._due_step["push_cart"] - pendulum_env.common_step_counter
    assert (due >= 200).all() and (due <= 501).all() and due.float().std() > 10


def test_saved_state_continues_bit_by_bit(pendulum_env):
    pendulum_env.reset(seed=9)
    rollout(pendulum_env, 30)
    state = pendulum_env.state_dict()
    first = rollout(pendulum_env, 60, seed=1)
    pendulum_env.load_state_dict(state)
    second = rollout(pendulum_env, 60, seed=1)
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a[0]["policy"], b[0]["policy"]) and torch.equal(a[1], b[1]) and torch.equal(a[2], b[2])


def test_a_state_of_another_size_is_refused(pendulum_env):
    pendulum_env.reset(seed=9)
    state = pendulum_env.state_dict()
    state["episode_length"] = state["episode_length"][:4]
    with pytest.raises(GenelabError, match="4 envs"):
        pendulum_env.load_state_dict(state)


def test_a_non_finite_action_resets_only_its_env(pendulum_env, tmp_path):
    pendulum_env.reset(seed=9)
    pendulum_env.nan_guard.dump_dir = tmp_path
    action = torch.zeros(8, 1)
    action[2] = math.nan
    observations, reward, terminated, _, extras = pendulum_env.step(action)
    pendulum_env.nan_guard.dump_dir = None
    assert extras["nan_reset"].nonzero().flatten().tolist() == [2]
    assert terminated[2] and torch.isfinite(reward).all() and torch.isfinite(observations["policy"]).all()
    assert int(pendulum_env.nan_guard.total) >= 1
    (dump,) = tmp_path.glob("nan_*.pt")
    assert torch.load(dump, weights_only=True)["env"] == 2
    for _ in range(20):
        observations, *_ = pendulum_env.step(torch.zeros(8, 1))
        assert torch.isfinite(observations["policy"]).all()


def test_a_wrong_action_shape_is_refused(pendulum_env):
    pendulum_env.reset(seed=9)
    with pytest.raises(GenelabError, match="shape"):
        pendulum_env.step(torch.zeros(8, 2))


def test_success_is_absent_where_no_term_publishes_it(pendulum_env):
    pendulum_env.reset(seed=9)
    assert "is_success" not in pendulum_env.step(torch.zeros(8, 1))[4]


def test_evaluation_episodes_start_the_same_for_any_number_of_envs(pendulum_env):
    """Eight envs at once, and episodes 8 to 15 after their resets, against a batch of two."""
    from genelab.envs.make import make_env

    _, extras = pendulum_env.reset(seed=0, options={"evaluation": True})
    hashes = dict(enumerate(extras["init_hash"]))
    pendulum_env.episode_length_buf = torch.full((8,), pendulum_env.max_episode_length - 1)
    _, _, _, _, extras = pendulum_env.step(torch.zeros(8, 1))
    hashes.update({slot + 8: value for slot, value in extras["init_hash"].items()})
    small = make_env(pendulum_env.cfg, num_envs=2)
    try:
        _, extras = small.reset(seed=0, options={"evaluation": True})
        found = dict(enumerate(extras["init_hash"]))
        for first in range(2, 16, 2):
            small.episode_length_buf = torch.full((2,), small.max_episode_length - 1)
            _, _, _, _, extras = small.step(torch.zeros(2, 1))
            found.update({slot + first: value for slot, value in extras["init_hash"].items()})
    finally:
        small.close()
    assert found == hashes
    assert len(set(hashes.values())) == 16
