"""UR5e reach: contract, and differential inverse kinematics with a free orientation."""

from __future__ import annotations

import pytest
import torch

from genelab.mdp import DifferentialIkActionCfg
from genelab.mdp.differential_ik import damped_least_squares
from genelab.testing import TaskContract
from genelab.utils.errors import UsageError

FLANGE = "ee_virtual_link"


class TestReach(TaskContract):
    task = "GeneLab-UR5e-Reach-v0"
    num_envs = 8

    @pytest.fixture(scope="class")
    @classmethod
    def env(cls, ur5e_env):
        return ur5e_env


def test_following_the_error_reaches_every_goal(ur5e_env):
    ur5e_env.reset(seed=0)
    robot = ur5e_env.scene["robot"]
    flange = robot.find_links((FLANGE,))[0]
    for _ in range(40):
        error = ur5e_env.command_manager.get("goal") - robot.link_pos[:, flange]
        extras = ur5e_env.step((error / 0.1).clamp(-1, 1))[-1]
    assert extras["is_success"].all()


def test_a_place_out_of_reach_leaves_the_arm_stretched_finite_and_within_its_limits(ur5e_env):
    ur5e_env.reset(seed=0)
    robot = ur5e_env.scene["robot"]
    low, high = robot.joint_limits.unbind(1)
    for _ in range(70):
        ur5e_env.step(torch.tensor([1.0, 0.0, 0.3]).repeat(8, 1))
        assert robot.joint_pos.isfinite().all()
        assert ((robot.target >= low) & (robot.target <= high)).all()
    reached = robot.link_pos[:, robot.find_links((FLANGE,))[0]].norm(dim=1)
    assert (reached > 0.75).all() and (reached < 1.1).all()
    assert robot.joint_vel.abs().max() < 20.0


def test_actions_beyond_one_count_as_one(ur5e_env):
    term = ur5e_env.action_manager.terms["flange"]
    robot = ur5e_env.scene["robot"]
    ur5e_env.reset(seed=0)
    targets = []
    for size in (1.0, 50.0):
        term.apply(torch.full((8, 3), size))
        targets.append(robot.target.clone())
    assert torch.equal(*targets)


def test_a_name_that_means_several_links_is_refused(ur5e_env):
    with pytest.raises(UsageError, match="names several links"):
        DifferentialIkActionCfg(link="wrist_.*", joints=("wrist_.*",)).build(ur5e_env)


def test_the_jacobian_predicts_how_the_link_moves(ur5e_env):
    ur5e_env.reset(seed=0)
    robot = ur5e_env.scene["robot"]
    flange = robot.find_links((FLANGE,))[0]
    everyone = torch.ones(8, dtype=torch.bool)
    before, step = robot.joint_pos, 1e-3 * torch.randn(8, 6, generator=torch.Generator().manual_seed(0))
    predicted = (robot.link_jacobian(flange)[:, :3] @ step[:, :, None])[:, :, 0]
    places = []
    for pos in (before, before + step):
        robot.write_joints(pos, torch.zeros_like(pos), everyone)
        places.append(robot.link_pos[:, flange])
    torch.testing.assert_close(places[1] - places[0], predicted, atol=2e-5, rtol=0)


def test_damped_least_squares_is_exact_far_from_singularities_and_bounded_at_them():
    generator = torch.Generator().manual_seed(0)
    jacobian, twist = torch.randn(16, 3, 6, generator=generator), torch.randn(16, 3, generator=generator)
    small, large = 1e-8 * torch.eye(3), 0.05**2 * torch.eye(3)
    solution = damped_least_squares(jacobian, twist, small)
    torch.testing.assert_close((jacobian @ solution[:, :, None])[:, :, 0], twist, atol=1e-4, rtol=1e-4)
    jacobian[:, 2] = 0.0
    bounded = damped_least_squares(jacobian, twist, large)
    assert bounded.isfinite().all() and bounded.norm(dim=1).max() < twist.norm(dim=1).max() / (2 * 0.05)
