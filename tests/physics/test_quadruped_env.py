"""A free-floating robot in contact: root state, history, latency, actuators, evaluation draws."""

from __future__ import annotations

import pytest
import torch

from genelab.config import SimulationCfg
from genelab.config.simulation import RigidSolverCfg
from genelab.sim.genesis_scene import padding_for
from genelab.utils.errors import GenelabError
from genelab.utils.rotations import rotate_inverse


def still(env, steps):
    return [env.step(torch.zeros(env.num_envs, env.action_manager.dim)) for _ in range(steps)]


def test_the_robot_stands_on_its_legs(quadruped_env):
    quadruped_env.reset(seed=1)
    still(quadruped_env, 40)
    robot = quadruped_env.scene["robot"]
    assert (robot.root_pos[:, 2] > 0.15).all()
    assert robot.link_contact_force[:, :, 2].sum(dim=1) == pytest.approx(4.4 * 9.81, rel=0.35)


def test_root_reset_draws_each_listed_axis(quadruped_env):
    quadruped_env.reset(seed=1)
    root = quadruped_env.scene["robot"].root_pos
    assert root[:, 0].std() > 0.1 and root[:, 0].abs().max() <= 0.5
    assert torch.equal(root[:, 1], torch.zeros(8))
    assert root[:, 2] == pytest.approx(torch.full((8,), 0.25), abs=1e-6)


def test_base_velocity_is_in_the_body_frame(quadruped_env):
    quadruped_env.reset(seed=1)
    still(quadruped_env, 5)
    robot = quadruped_env.scene["robot"]
    expected = rotate_inverse(robot.root_quat, robot.root_lin_vel)
    assert torch.equal(quadruped_env.get_observations()["critic"], expected)


def test_every_actuator_model_reports_its_own_torque(quadruped_env):
    quadruped_env.reset(seed=1)
    robot = quadruped_env.scene["robot"]
    quadruped_env.step(torch.full((8, 4), 2.0))
    effort, q, v = robot.applied_effort, robot.joint_pos, robot.joint_vel
    order = robot.joint_names
    fr, rl, rr = order.index("fr_hip"), order.index("rl_hip"), order.index("rr_hip")
    pd = (20.0 * (robot.target[:, fr] - q[:, fr]) - 0.5 * v[:, fr]).clamp(-10.0, 10.0)
    assert effort[:, fr] == pytest.approx(pd, abs=1e-5)
    assert effort[:, rr] == pytest.approx((2.0 * (robot.target[:, rr] - v[:, rr])).clamp(-10.0, 10.0), abs=1e-5)
    motor = robot.actuators["motor"]
    spinning = torch.full((8, 1), 15.0)
    driven = motor.effort(torch.full((8, 1), 5.0), torch.zeros(8, 1), spinning)
    assert driven == pytest.approx(torch.full((8, 1), 10.0 * (1 - 15.0 / 20.0)), abs=1e-5)
    braked = motor.effort(torch.full((8, 1), -5.0), torch.zeros(8, 1), spinning)
    assert braked == pytest.approx(torch.full((8, 1), -10.0))
    assert rl in range(4)


def test_describe_actuation_names_joints_gains_and_limits(quadruped_env):
    described = quadruped_env.describe_actuation()
    robot = described["robots"]["robot"]
    assert robot["joint_names"] == ["fl_hip", "fr_hip", "rl_hip", "rr_hip"]
    assert robot["kp"] == [20.0, 20.0, 20.0, 0.0] and robot["kv"] == [0.5, 0.5, 0.5, 2.0]
    assert robot["effort_limits"] == [10.0] * 4
    (term,) = described["action_terms"]
    assert term["scale"] == [0.25] * 4 and term["offset"] == pytest.approx([0.1] * 4)


def test_saved_state_continues_bit_by_bit_in_contact(quadruped_env):
    """A save is a barrier: the saving run, too, goes on from the restored state."""
    quadruped_env.reset(seed=2)
    still(quadruped_env, 12)
    state = quadruped_env.state_dict()
    runs = []
    for _ in range(2):
        quadruped_env.load_state_dict(state)
        runs.append(still(quadruped_env, 60))
    for a, b in zip(*runs, strict=True):
        assert torch.equal(a[0]["policy"], b[0]["policy"]) and torch.equal(a[2], b[2]) and torch.equal(a[3], b[3])


def test_randomised_evaluation_does_not_depend_on_the_number_of_envs(quadruped_env):
    """Noise, latency, pushes and resets of the first episodes are the same in a batch of eight and of three."""
    from genelab.envs.make import make_env

    def first_steps(env):
        first, extras = env.reset(seed=4, options={"evaluation": True})
        return [first["policy"], *[step[0]["policy"] for step in still(env, 60)]], extras["init_hash"]

    large, large_hash = first_steps(quadruped_env)
    small_env = make_env(quadruped_env.cfg, num_envs=3)
    try:
        small, small_hash = first_steps(small_env)
    finally:
        small_env.close()
    assert small_hash == large_hash[:3]
    assert torch.stack(small) == pytest.approx(torch.stack(large)[:, :3], abs=1e-5)


def test_resets_that_never_ask_whether_anybody_is_done_give_the_same_episodes(quadruped_env, monkeypatch):
    """On a GPU the host does not look at masks; every step then runs the reset for nobody."""

    def episodes():
        first, _ = quadruped_env.reset(seed=4, options={"evaluation": True})
        quadruped_env.episode_length_buf = torch.arange(8) * 10  # time-outs at different steps
        steps = still(quadruped_env, 80)
        return [first["policy"], *[step[0]["policy"] for step in steps]], torch.stack([step[3] for step in steps])

    looking, truncated = episodes()
    monkeypatch.setattr(quadruped_env, "nobody", lambda mask: False)
    blind, blind_truncated = episodes()
    assert truncated.any() and torch.equal(truncated, blind_truncated)
    assert all(torch.equal(a, b) for a, b in zip(looking, blind, strict=True))


def test_padding_is_added_only_where_it_pays():
    contact = SimulationCfg()
    assert padding_for(4096, contact, gpu=False) == 4
    assert padding_for(4000, contact, gpu=False) == 0
    assert padding_for(4096, contact, gpu=True) == 0
    assert padding_for(4096, SimulationCfg(pad_batch=False), gpu=False) == 0
    assert padding_for(4096, SimulationCfg(solver=RigidSolverCfg(collision=False)), gpu=False) == 0


def test_idle_envs_copy_the_first_and_are_never_seen(monkeypatch):
    from quadruped import quadruped_cfg

    from genelab.envs.make import make_env
    from genelab.sim import genesis_scene

    monkeypatch.setattr(genesis_scene, "_SLOW_MULTIPLE", 8)
    env = make_env(quadruped_cfg())
    try:
        env.reset(seed=1)
        observations = [step[0]["critic"] for step in still(env, 50)]
        robot = env.scene["robot"]
        batch = robot.body.get_qpos()
        assert env.scene.padding == 4 and len(batch) == 12
        assert observations[-1].shape[0] == 8 and robot.root_pos.shape[0] == 8
        assert torch.equal(batch[8:], batch[:1].expand(4, -1))
    finally:
        env.close()


def test_what_genesis_tells_lies_row_by_row(quadruped_env):
    # torch sums rows of env-minor tensors in another order at the end of a batch: shards would differ from one process
    robot, properties = quadruped_env.scene["robot"], quadruped_env.scene.properties["robot"]
    state = [robot.joint_pos, robot.joint_vel, robot.root_quat, robot.link_pos, robot.link_ang_vel]
    assert all(tensor.is_contiguous() for tensor in [*state, properties.mass, properties.com])


def test_a_default_pose_beyond_the_limits_is_refused(quadruped_env, monkeypatch):
    robot = quadruped_env.scene["robot"]
    robot._check_default_pose()
    monkeypatch.setattr(robot, "default_joint_pos", robot.default_joint_pos + 1.41)
    with pytest.raises(GenelabError, match=r"1\.51 of joint 'fl_hip' is beyond its limits -1\.5 … 1\.5"):
        robot._check_default_pose()
