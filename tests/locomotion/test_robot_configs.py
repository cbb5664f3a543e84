"""Robots as data: motors, defaults, and what a mirror makes of them. MuJoCo's kinematics judge the mirror."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from mujoco_robot import MujocoRobot

from genelab.actuators import DcMotorCfg, ImplicitPdCfg
from genelab.config.serialization import from_json, to_json
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.joint_tables import match_names, per_joint
from genelab_tasks_locomotion.robots import ROBOTS, UNITREE_G1, UNITREE_GO1, UNITREE_GO2W, LeggedRobot
from genelab_tasks_locomotion.robots.mirror import POLAR
from genelab_tasks_locomotion.robots.motors import reflected_inertia
from genelab_tasks_locomotion.robots.quadruped_motors import JOINT_MOTOR, KNEE_MOTOR
from genelab_tasks_locomotion.robots.unitree_g1.robot import MOTORS

every_robot = pytest.mark.parametrize("robot", ROBOTS.values(), ids=lambda robot: robot.name)


def test_a_robot_and_the_configs_of_its_tasks_import_neither_torch_nor_numpy_nor_the_simulator():
    probe = """
import sys
import genelab.mdp
from genelab_tasks_locomotion.tracking import g1 as tracking, playback
from genelab_tasks_locomotion.robots import ROBOTS
from genelab_tasks_locomotion.velocity import g1 as velocity
for robot in ROBOTS.values():
    robot.articulation()
velocity.g1_flat(), tracking.g1_tracking(), playback.motion_playback()
print({"torch", "numpy", "genesis", "mujoco"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@every_robot
def test_the_model_holds_the_armature_of_the_motors(robot: LeggedRobot):
    twin = MujocoRobot(robot, 0.002)
    motors = {patterns: group.motor for group in MOTORS.values() for patterns in group.joints}
    if robot is not UNITREE_G1:
        motors = {".*": JOINT_MOTOR, ".*_calf_joint": KNEE_MOTOR}
    expected = per_joint({p: motor.armature for p, motor in motors.items()}, twin.joint_names, 0.0, "motors")
    assert twin.model.dof_armature[6:] == pytest.approx(expected, rel=1e-5)


def test_inertia_through_gears_counts_the_later_stages_squared():
    assert reflected_inertia((1.0,), ()) == 1.0
    assert reflected_inertia((1.0, 0.1), (3.0,)) == pytest.approx(9.1)
    assert reflected_inertia((1.0, 0.1, 0.01), (3.0, 2.0)) == pytest.approx(36.0 + 0.4 + 0.01)


def test_gains_follow_from_the_motors():
    """Published for the humanoid with these motors; documented for the hips and thighs of the quadruped."""
    g1 = UNITREE_G1.articulation().actuators
    gains = {name: (group.stiffness, group.damping, group.action_scale) for name, group in g1.items()}
    assert gains["arms"] == pytest.approx((14.2506, 0.90722, 0.438577), rel=1e-5)
    assert gains["hip_pitch_yaw"] == pytest.approx((40.1792, 2.55789, 0.547546), rel=1e-5)
    assert gains["hip_roll_knee"] == pytest.approx((99.0984, 6.30880, 0.350661), rel=1e-5)
    assert gains["wrists"] == pytest.approx((16.7783, 1.06814, 0.074501), rel=1e-5)
    assert gains["ankles"] == gains["waist"] == pytest.approx((28.5012, 1.81445, 0.438577), rel=1e-5)
    go1 = UNITREE_GO1.articulation().actuators["hips_and_thighs"]
    assert (go1.stiffness, go1.damping) == pytest.approx((25.0, 0.5), rel=0.03)


@every_robot
def test_a_config_survives_json(robot: LeggedRobot):
    cfg = robot.articulation()
    assert from_json(to_json(cfg)) == cfg


@pytest.mark.parametrize("robot", [UNITREE_GO1, UNITREE_G1, UNITREE_GO2W], ids=lambda robot: robot.name)
def test_motors_may_lose_torque_with_speed(robot: LeggedRobot):
    implicit, curved = robot.articulation().actuators, robot.articulation(dc_motor=True).actuators
    for name, group in implicit.items():
        if isinstance(group, ImplicitPdCfg):
            curve = curved[name]
            assert isinstance(curve, DcMotorCfg)
            assert (curve.stiffness, curve.effort_limit) == (group.stiffness, group.effort_limit)


@every_robot
def test_mirrored_joints_put_every_link_on_the_other_side(robot: LeggedRobot):
    twin = MujocoRobot(robot, 0.002)
    rng = np.random.default_rng(0)
    links = [twin.model.body(i).name for i in range(1, twin.model.nbody)]
    counterparts = robot.mirror.permutation(links)
    for _ in range(5):
        joints = twin.default_joint_pos + rng.uniform(-0.5, 0.5, len(twin.joint_names))
        twin.reset(joints)
        positions, feet = twin.data.xpos[1:].copy(), twin.feet()
        mirrored = robot.mirror.joints(torch.tensor(joints), twin.joint_names).numpy()
        twin.reset(mirrored)
        assert twin.data.xpos[1:] == pytest.approx(positions[counterparts] * POLAR, abs=2e-4)
        there = robot.mirror.permutation(list(robot.feet))
        assert twin.feet() == pytest.approx(feet[there] * POLAR, abs=2e-4)


@every_robot
def test_a_mirrored_action_asks_for_the_mirrored_targets(robot: LeggedRobot):
    twin = MujocoRobot(robot, 0.002)
    scale = torch.ones(len(twin.joint_names), dtype=torch.float64)
    for group in twin.cfg.actuators.values():
        ids = match_names(group.joints, twin.joint_names, "joint")
        names = [twin.joint_names[i] for i in ids]
        scale[ids] = torch.tensor(per_joint(group.action_scale, names, 1.0, "action_scale"), dtype=torch.float64)
    offset = torch.tensor(twin.default_joint_pos)

    def mirror(values: torch.Tensor) -> torch.Tensor:
        return robot.mirror.joints(values, twin.joint_names)

    actions = torch.randn(16, len(scale), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(offset + scale * mirror(actions), mirror(offset + scale * actions))
    assert not torch.equal(mirror(actions), actions)
    assert torch.equal(mirror(mirror(actions)), actions)


def test_one_side_alone_has_no_mirror():
    with pytest.raises(GenelabError, match="no counterpart 'FR_hip_joint'"):
        UNITREE_GO1.mirror.permutation(["FL_hip_joint", "RR_hip_joint"])


def test_meshes_change_the_looks_and_nothing_else(tmp_path, monkeypatch):
    corners = [(0, 0, 0), (0.1, 0, 0), (0, 0.1, 0), (0, 0, 0.1)]
    lines = [f"v {x} {y} {z}" for x, y, z in corners] + ["f 1 3 2", "f 1 2 4", "f 1 4 3", "f 2 3 4"]
    (tmp_path / "unitree_go1").mkdir()
    (tmp_path / "unitree_go1" / "trunk.obj").write_text("\n".join(lines), encoding="utf-8")
    plain = MujocoRobot(UNITREE_GO1, 0.002)
    monkeypatch.setenv("GENELAB_MESHES", str(tmp_path))
    skinned = MujocoRobot(UNITREE_GO1, 0.002)
    assert skinned.model.nmesh == 1 and plain.model.nmesh == 0
    assert (skinned.mass_matrix() == plain.mass_matrix()).all()
    for attribute in ("size", "type", "friction"):
        colliding = [getattr(m, f"geom_{attribute}")[m.geom_contype > 0] for m in (skinned.model, plain.model)]
        assert (colliding[0] == colliding[1]).all()
    skinned.step(skinned.hold, 100)
    plain.step(plain.hold, 100)
    assert (skinned.data.qpos == plain.data.qpos).all()
    assert MujocoRobot(UNITREE_G1, 0.002).model.nmesh == 0


def test_a_folder_of_meshes_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("GENELAB_MESHES", "nowhere")
    with pytest.raises(UsageError, match="no such folder: nowhere"):
        UNITREE_GO1.articulation().mjcf()
