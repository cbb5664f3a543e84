"""Each robot in Genesis and the same file in MuJoCo: inertia, kinematics, and standing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mujoco_robot import MujocoRobot

from genelab.utils.rotations import rotate_inverse
from genelab_tasks_locomotion.robots import ROBOTS, LeggedRobot

TICK = 0.002  # of the shared scene
MASSES = {"unitree_go1": 12.743448, "unitree_g1": 33.341142, "unitree_go2w": 19.521}  # kg, published

every_robot = pytest.mark.parametrize("robot", ROBOTS.values(), ids=lambda robot: robot.name)


def everyone(scene) -> torch.Tensor:
    return torch.ones(scene.num_envs, dtype=torch.bool)


def place_in_the_air(scene, joint_pos: dict[str, torch.Tensor]) -> None:
    """Hold all robots 1 m above their stance, upright and at rest, with joints `(num_envs, num_joints)` by name."""
    for name, joints in joint_pos.items():
        entity = scene[name]
        up = torch.tensor([0.0, 0.0, 1.0])
        entity.write_root(entity.default_root[:, :3] + up, entity.default_root[:, 3:], everyone(scene))
        entity.write_joints(joints, torch.zeros_like(joints), everyone(scene))


def random_joints(entity, generator: torch.Generator) -> torch.Tensor:
    """Draw joint positions within the limits; a wheel, which has none, turns up to half a revolution."""
    low, high = entity.joint_limits.clamp(-np.pi, np.pi).unbind(dim=1)
    return low + (high - low) * torch.rand(entity.num_envs, entity.num_joints, generator=generator)


@every_robot
def test_mass_and_joints_are_those_of_the_published_description(robots_scene, robot: LeggedRobot):
    entity, twin = robots_scene[robot.name], MujocoRobot(robot, TICK)
    assert float(entity.body.get_mass()) == pytest.approx(MASSES[robot.name], abs=1e-4)
    assert twin.model.body_mass.sum() == pytest.approx(MASSES[robot.name], abs=1e-5)
    assert entity.joint_names == twin.joint_names
    limited = twin.model.jnt_limited[1:].astype(bool)
    assert entity.joint_limits[limited].numpy() == pytest.approx(twin.model.jnt_range[1:][limited], abs=1e-5)
    assert torch.isinf(entity.joint_limits[~limited]).all()


def test_the_inertia_of_every_degree_of_freedom_is_mujocos_in_three_poses(robots_scene):
    """The upper left corner of the matrix is the robot's mass, centre of mass and inertia tensor."""
    generator = torch.Generator().manual_seed(1)
    poses = {name: random_joints(robots_scene[name], generator) for name in ROBOTS}
    for name in ROBOTS:
        poses[name][0] = robots_scene[name].default_joint_pos[0]
    place_in_the_air(robots_scene, poses)
    robots_scene.step()  # the matrix is of the state before the step
    for name, robot in ROBOTS.items():
        entity, twin = robots_scene[name], MujocoRobot(robot, TICK)
        # Genesis adds what the step needs to integrate the servos' damping implicitly.
        implicit = torch.zeros(entity.num_joints)
        for group in entity.actuators.values():
            implicit[group.joint_ids] = TICK * group.damping
        matrices = entity.body.get_mass_mat().numpy()
        for env in range(3):
            twin.reset(poses[name][env].numpy())
            expected = twin.mass_matrix()
            expected[6:, 6:] += np.diag(implicit.numpy())
            assert matrices[env] == pytest.approx(expected, abs=1e-5), name
            assert expected[0, 0] == pytest.approx(MASSES[name], abs=1e-5)


def test_feet_are_where_mujoco_has_them_for_random_joints(robots_scene):
    generator = torch.Generator().manual_seed(2)
    errors = []
    for _ in range(5):
        poses = {name: random_joints(robots_scene[name], generator) for name in ROBOTS}
        place_in_the_air(robots_scene, poses)
        for name, robot in ROBOTS.items():
            entity, twin = robots_scene[name], MujocoRobot(robot, TICK)
            root = entity.root_pos.numpy()
            for env in range(entity.num_envs):
                twin.reset(poses[name][env].numpy(), root_pos=tuple(root[env]))
                errors.append(np.abs(feet_of(entity, robot, env) - twin.feet()).max())
    assert len(errors) == 60
    assert max(errors) < 1e-4


def feet_of(entity, robot: LeggedRobot, env: int) -> np.ndarray:
    positions = []
    for link, offset in robot.feet.items():
        index = entity.link_names.index(link)
        inverse = entity.link_quat[env, index] * torch.tensor([1.0, -1.0, -1.0, -1.0])
        positions.append(entity.link_pos[env, index] + rotate_inverse(inverse, torch.tensor(offset)))
    return torch.stack(positions).numpy()


def test_after_a_second_on_their_feet_joints_and_base_are_where_mujoco_has_them(robots_scene):
    """The quadrupeds stand. The humanoid begins to lean: ankles do not balance it, that is left to a policy."""
    for name in ROBOTS:
        robots_scene[name].reset(everyone(robots_scene))
    for _ in range(500):
        robots_scene.step()
    for name, robot in ROBOTS.items():
        entity, twin = robots_scene[name], MujocoRobot(robot, TICK)
        twin.step(twin.hold, 500)
        assert entity.joint_pos[0].numpy() == pytest.approx(twin.data.qpos[7:], abs=0.02), name
        moved = entity.root_pos[0] - entity.default_root[0, :3]
        assert moved.numpy() == pytest.approx(twin.data.qpos[:3] - twin.cfg.init_pos, abs=2e-3), name
        assert moved[2] > -0.12 * entity.default_root[0, 2], f"{name} sinks"


@every_robot
def test_feet_touch_the_ground_in_the_default_pose(robot: LeggedRobot):
    twin = MujocoRobot(robot, TICK)
    heights = twin.feet()[:, 2] - robot.foot_height
    assert (heights > 0.0).all() and (heights < 0.005).all()
