"""Velocity tasks: what their tables say, what the robots feel, and that left and right are alike."""

from __future__ import annotations

from typing import Any

import torch
from tensordict import TensorDict

from genelab.plugins.tasks import load_task
from genelab_tasks_locomotion.robots.mirror import AXIAL, PLANAR_COMMAND, POLAR
from genelab_tasks_locomotion.robots.unitree_go1.robot import UNITREE_GO1
from genelab_tasks_locomotion.velocity.agents.symmetry import mirror_go1

GO1 = "Genelab-Velocity-Flat-Unitree-Go1-v0"


def test_evaluation_has_neither_noise_nor_pushes():
    task = load_task(GO1).cfg
    assert "push" in task.env.events and task.env.observations["policy"].corrupt
    assert "push" not in task.eval_env.events and not task.eval_env.observations["policy"].corrupt


def test_observations_have_the_documented_widths(go1: Any):
    observations, _ = go1.reset(seed=1)
    assert observations["policy"].shape == (8, 45)
    assert observations["critic"].shape == (8, 48)
    assert go1.single_action_space.shape == (12,)


def test_it_stands_on_its_feet_with_zero_actions(go1: Any):
    go1.reset(seed=2)
    for _ in range(50):
        _, _, terminated, _, _ = go1.step(torch.zeros(8, 12))
        assert not terminated.any()
    assert go1.scene.sensor("feet_contact").in_contact.all()
    assert go1.scene.sensor("feet_height").heights.sub(UNITREE_GO1.foot_height).abs().max() < 0.005
    assert not go1.scene.sensor("thigh_contact").in_contact.any()
    assert go1.scene["robot"].root_pos[:, 2].min() > 0.24


def test_following_the_command_is_worth_most(go1: Any):
    go1.reset(seed=3)
    for _ in range(25):
        go1.step(torch.zeros(8, 12))
    go1.command_manager.terms["twist"].load_command(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]] * 4))
    go1.step(torch.zeros(8, 12))
    values = dict(zip(go1.reward_manager.active_terms, go1.reward_manager.values / go1.step_dt, strict=True))
    for name, weight in (("track_lin_vel", 2.0), ("track_ang_vel", 1.0)):
        standing, moving = values[name][::2], values[name][1::2]
        assert (standing > 0.95 * weight).all()
        assert (moving < 0.05 * weight).all()


def test_two_mirrors_show_the_original(go1: Any):
    go1.reset(seed=4)
    observations, *_ = go1.step(torch.randn(8, 12, generator=torch.Generator().manual_seed(0)))
    actions = torch.randn(8, 12)
    once, mirrored_actions = mirror_go1(go1, TensorDict(observations, batch_size=[8]), actions)
    assert once is not None and mirrored_actions is not None
    twice, back = mirror_go1(go1, once[8:], mirrored_actions[8:])
    assert twice is not None and back is not None
    assert torch.equal(back[8:], actions)
    for name, group in observations.items():
        assert torch.equal(twice[name][8:], group)
        assert not torch.equal(once[name][8:], group)


def test_a_mirrored_robot_feels_mirrored_and_is_worth_the_same(go1: Any):
    """Envs 4 to 7 are 0 to 3 in a mirror; their motion is mirrored as far as the robot's masses are."""
    go1.reset(seed=5)
    robot, generator = go1.scene["robot"], torch.Generator().manual_seed(1)
    mirror, names = UNITREE_GO1.mirror, robot.joint_names
    everyone = torch.ones(8, dtype=torch.bool)

    def both(half: torch.Tensor, signs: tuple[float, ...] | None = None) -> torch.Tensor:
        other = mirror.joints(half, names) if signs is None else half * torch.tensor(signs)
        return torch.cat((half, other))

    joints = 0.1 * torch.randn(4, 12, generator=generator)
    speeds = 0.5 * torch.randn(4, 12, generator=generator)
    command = torch.rand(4, 3, generator=generator) - 0.5
    linear, angular = (0.3 * torch.randn(4, 3, generator=generator) for _ in range(2))
    upright = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(8, 1)
    height = torch.tensor([0.0, 0.0, 0.29]).repeat(8, 1)
    robot.write_root(height, upright, everyone, velocity=torch.cat((both(linear, POLAR), both(angular, AXIAL)), dim=1))
    robot.write_joints(robot.default_joint_pos + both(joints), both(speeds), everyone)
    go1.command_manager.terms["twist"].load_command(both(command, PLANAR_COMMAND))

    observations, reward, *_ = go1.step(both(torch.randn(4, 12, generator=generator)))
    half = TensorDict({name: value[:4] for name, value in observations.items()}, batch_size=[4])
    mirrored, _ = mirror_go1(go1, half, None)
    assert mirrored is not None
    torch.testing.assert_close(mirrored["policy"][4:], observations["policy"][4:], rtol=0.02, atol=0.1)
    torch.testing.assert_close(reward[:4], reward[4:], rtol=0.05, atol=0.002)
