"""What an actuator group adds to its joints besides torque: inertia and dry friction."""

from __future__ import annotations

import pytest
import torch

from genelab.actuators import ImplicitPdCfg

ARMATURE, FRICTION = 0.05, 2.0  # kg m², N m


@pytest.fixture
def heavy_knees(robots_scene):
    """Go1's knees without servo behind a heavy rotor and a rusty bearing; afterwards as they were."""
    robot = robots_scene["unitree_go1"]
    knees = robot.actuators["calves"]
    before = robot.body.get_dofs_armature(knees.dofs)
    cfg = ImplicitPdCfg(joints=(".*_calf_joint",), armature=ARMATURE, friction_loss=FRICTION)
    rusty = cfg.build(knees.names, robots_scene.num_envs, robots_scene.device)
    rusty.dofs = knees.dofs
    rusty.configure(robot.body)
    yield robot
    robot.body.set_dofs_armature(before, knees.dofs)
    robot.body.set_dofs_frictionloss(torch.zeros(4), knees.dofs)
    knees.configure(robot.body)


def spin_knees_in_the_air(scene, robot, speed: float) -> torch.Tensor:
    """Return the knees' speed a tick after they turned at `speed`, rad/s, `(num_envs, 4)`."""
    everyone = torch.ones(scene.num_envs, dtype=torch.bool)
    robot.reset(everyone)
    robot.write_root(robot.default_root[:, :3] + torch.tensor([0.0, 0.0, 1.0]), robot.default_root[:, 3:], everyone)
    knees = robot.find_joints((".*_calf_joint",))
    velocity = torch.zeros_like(robot.default_joint_pos)
    velocity[:, knees] = speed
    robot.write_joints(robot.default_joint_pos, velocity, everyone)
    scene.step()
    return robot.joint_vel[:, knees]


def test_rotor_inertia_is_part_of_the_mass_matrix_and_dry_friction_brakes(robots_scene, heavy_knees):
    speed = spin_knees_in_the_air(robots_scene, heavy_knees, 5.0)
    matrix = heavy_knees.body.get_mass_mat()[0]
    knee = heavy_knees.actuators["calves"].dofs[0]
    assert matrix[knee, knee] > ARMATURE
    # The brake acts on rotor and calf: 2 N m on about 0.06 kg m² for 2 ms take 0.07 rad/s.
    assert ((speed > 4.9) & (speed < 4.97)).all()
    for _ in range(150):
        robots_scene.step()
    stopped = heavy_knees.joint_vel[:, heavy_knees.find_joints((".*_calf_joint",))]
    assert stopped.abs().max() < 0.3
