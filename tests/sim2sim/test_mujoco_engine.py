"""The MuJoCo model that is made of a robot's MJCF and the metadata, and the laws that drive it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genelab.actuators import DcMotorCfg, EffortCfg, IdealPdCfg
from genelab.sim2sim.description import Camera, Drive, Physics, RobotModel
from genelab.sim2sim.drives import SAMPLED
from genelab.sim2sim.mujoco_engine import MujocoEngine
from genelab.utils.errors import GenelabError, UsageError

CAMERA = Camera((64, 48), (0.0, -3.0, 1.0), (0.0, 0.0, 0.5), 45.0, follow=False)

ARM = """<mujoco><compiler angle="radian" autolimits="true"/><option timestep="0.5" gravity="0 0 0"/>
<worldbody><body name="arm" pos="0 0 1"><joint name="shoulder" type="hinge" axis="0 1 0" armature="0.3"/>
<inertial pos="0 0 0" mass="1" diaginertia="0.1 0.2 0.1"/></body></worldbody>
<actuator><motor joint="shoulder" gear="100"/></actuator>
<keyframe><key qpos="1"/></keyframe></mujoco>"""

BALL = """<mujoco><worldbody><body name="ball" pos="0 0 0.1"><freejoint name="root"/>
<geom type="sphere" size="0.1" mass="2" solref="0.03 1"/>
<body name="hat" pos="0 0 0.5"><joint name="hinge" type="hinge" axis="1 0 0"/>
<geom type="sphere" size="0.05" mass="0.1" contype="0" conaffinity="0"/></body></body></worldbody></mujoco>"""


def drive(model="implicit_pd", **numbers):
    table = {"stiffness": 0.0, "damping": 0.0, "effort_limit": np.inf, "velocity_limit": np.inf}
    table = {**table, "saturation_effort": np.inf, **numbers}
    arrays = {name: None if value is None else np.array([value], dtype=float) for name, value in table.items()}
    arrays = {"armature": None, "friction_loss": None, **arrays}
    return Drive(model=model, joints=np.array([0]), sampled=model in SAMPLED, **arrays)  # pyright: ignore


def arm(*drives: Drive, xml: str = ARM, gravcomp: float = 0.0) -> RobotModel:
    return RobotModel("arm", xml, None, False, ("shoulder",), ("world", "arm"), np.zeros(1), gravcomp, drives, {})


def ball(gravcomp: float = 0.0) -> RobotModel:
    return RobotModel("ball", BALL, None, True, ("hinge",), ("ball", "hat"), np.zeros(1), gravcomp, (), {})


def physics(**changes) -> Physics:
    values = {
        "dt": 0.01,
        "substeps": 1,
        "decimation": 1,
        "gravity": np.array([0.0, 0.0, -9.81]),
        "integrator": "approximate_implicitfast",
        "collision": True,
        "self_collision": False,
        "joint_limit": True,
        "constraint_timeconst": 0.02,
        "ground_height": 0.0,
        "ground_friction": 1.0,
    }
    return Physics(**{**values, **changes})


def started(engine: MujocoEngine, qpos, qvel) -> MujocoEngine:
    everyone = np.ones(engine.num_envs, dtype=bool)
    engine.write_state(np.atleast_2d(qpos).astype(float), np.atleast_2d(qvel).astype(float), everyone)
    return engine


def test_position_servos_damp_implicitly_as_genesis_does():
    engine = started(MujocoEngine(arm(drive(stiffness=20.0, damping=3.0)), physics(), 1, CAMERA), [0.4], [2.0])
    engine.step(np.array([[0.1]]))
    inertia, dt = 0.2 + 0.3, 0.01
    acceleration = (20.0 * (0.1 - 0.4) - 3.0 * 2.0) / (inertia + dt * 3.0)
    assert engine.qvel[0, 0] == pytest.approx(2.0 + dt * acceleration)


def test_velocity_servos_damp_implicitly():
    engine = started(MujocoEngine(arm(drive("implicit_velocity", damping=3.0)), physics(), 1, CAMERA), [0.4], [2.0])
    engine.step(np.array([[5.0]]))
    assert engine.qvel[0, 0] == pytest.approx(2.0 + 0.01 * 3.0 * (5.0 - 2.0) / (0.5 + 0.01 * 3.0))


def test_explicit_torques_hold_over_the_substeps_of_a_tick():
    explicit = drive("ideal_pd", stiffness=20.0, damping=3.0)
    engine = started(MujocoEngine(arm(explicit), physics(substeps=4), 1, CAMERA), [0.4], [2.0])
    engine.step(np.array([[0.1]]))
    torque = 20.0 * (0.1 - 0.4) - 3.0 * 2.0
    assert engine.qvel[0, 0] == pytest.approx(2.0 + 0.01 * torque / 0.5)


def test_metadata_replaces_armature_and_limits_of_the_model_file():
    limited = drive(stiffness=1e4, effort_limit=7.0, armature=0.8)
    engine = started(MujocoEngine(arm(limited), physics(), 1, CAMERA), [0.0], [0.0])
    engine.step(np.array([[1.0]]))
    assert engine.qvel[0, 0] == pytest.approx(0.01 * 7.0 / (0.2 + 0.8))


@pytest.mark.parametrize(
    "cfg",
    [
        IdealPdCfg(joints=("a",), stiffness=20.0, damping=2.0, effort_limit=15.0),
        DcMotorCfg(
            joints=("a",), stiffness=20.0, damping=2.0, effort_limit=15.0, saturation_effort=25.0, velocity_limit=10.0
        ),
        EffortCfg(joints=("a",), effort_limit=15.0),
    ],
    ids=lambda cfg: type(cfg).__name__,
)
def test_laws_are_those_of_the_environment(cfg):
    actuator = cfg.build(("a",), 64, torch.device("cpu"))
    torch.manual_seed(0)
    target, pos, vel = 2.0 * torch.randn(3, 64, 1)
    vel = 6.0 * vel
    described = actuator.describe()
    numbers = {
        name: described[name][0] if described.get(name, [None])[0] is not None else np.inf
        for name in ("stiffness", "damping", "effort_limit", "velocity_limit", "saturation_effort")
    }
    law = SAMPLED[described["model"]]
    ours = law(drive(described["model"], **numbers), target.numpy(), pos.numpy(), vel.numpy())
    np.testing.assert_allclose(ours, actuator.effort(target, pos, vel).numpy(), rtol=1e-5, atol=1e-5)


def test_softness_is_the_metadatas_where_the_file_states_none():
    model = MujocoEngine(ball(), physics(constraint_timeconst=0.05), 1, CAMERA)._model
    own, hat, ground = (model.geom_solref[i, 0] for i in (1, 2, 0))
    assert (own, hat, ground) == (0.03, 0.05, 0.05)
    assert MujocoEngine(ball(), physics(constraint_timeconst=0.001), 1, CAMERA)._model.geom_solref[2, 0] == 0.02


def test_contact_forces_carry_the_weight_of_a_resting_body():
    engine = started(
        MujocoEngine(ball(), physics(decimation=100), 3, CAMERA), [[0, 0, 0.1, 1, 0, 0, 0, 0]] * 3, [[0] * 7] * 3
    )
    engine.step(np.zeros((3, 1)))
    forces = engine.contact_forces()
    assert forces.shape == (3, 2, 3)
    np.testing.assert_allclose(forces[:, 0], [[0.0, 0.0, 2.1 * 9.81]] * 3, atol=1e-2)
    np.testing.assert_allclose(forces[:, 1], 0.0)


@pytest.mark.parametrize("changes", [{"collision": False}, {"ground_height": None}])
def test_without_collisions_or_ground_a_body_falls(changes):
    engine = started(
        MujocoEngine(ball(), physics(decimation=50, **changes), 1, CAMERA), [0, 0, 0.1, 1, 0, 0, 0, 0], [0] * 7
    )
    engine.step(np.zeros((1, 1)))
    assert engine.qpos[0, 2] < -1.0


def test_compensated_bodies_float():
    robot, world = ball(gravcomp=1.0), physics(decimation=50, collision=False)
    engine = started(MujocoEngine(robot, world, 1, CAMERA), [0, 0, 0.1, 1, 0, 0, 0, 0], [0] * 7)
    engine.step(np.zeros((1, 1)))
    assert engine.qpos[0, 2] == pytest.approx(0.1)


def test_link_velocities_are_those_of_the_links_origins():
    start = [0, 0, 2, np.cos(0.3), 0, np.sin(0.3), 0, 0.4]
    engine = started(
        MujocoEngine(ball(), physics(dt=1e-5, gravity=np.zeros(3)), 1, CAMERA), start, [1, 2, 3, 4, 5, 6, 7]
    )
    before = engine.links()
    engine.step(np.zeros((1, 1)))
    after = engine.links()
    np.testing.assert_allclose((after.pos - before.pos) / 1e-5, before.lin_vel, atol=1e-2)
    np.testing.assert_allclose(before.lin_vel[0, 0], [1, 2, 3], atol=1e-12)


def test_only_the_chosen_copies_are_written_and_broken_ones_are_told():
    engine = MujocoEngine(arm(drive(stiffness=20.0)), physics(), 3, CAMERA)
    engine.write_state(np.full((3, 1), 0.5), np.full((3, 1), np.nan), np.array([False, True, False]))
    np.testing.assert_array_equal(engine.qpos[:, 0], [0.0, 0.5, 0.0])
    np.testing.assert_array_equal(engine.broken(), [False, True, False])
    engine.step(np.zeros((3, 1)))
    engine.write_state(np.zeros((3, 1)), np.zeros((3, 1)), np.array([False, True, False]))
    assert not engine.broken().any()


def test_unknown_laws_and_names_are_refused():
    with pytest.raises(UsageError, match="'muscle' of shoulder"):
        MujocoEngine(arm(drive("muscle")), physics(), 1, CAMERA)
    with pytest.raises(GenelabError, match="no joint 'shoulder'"):
        MujocoEngine(arm(drive(), xml=ARM.replace("shoulder", "elbow")), physics(), 1, CAMERA)
    with pytest.raises(GenelabError, match="MuJoCo cannot load the model of 'arm'"):
        MujocoEngine(arm(drive(), xml=ARM.replace('mass="1"', 'mass="-1"')), physics(), 1, CAMERA)


def test_the_camera_looks_from_its_position_to_its_point():
    engine = MujocoEngine(arm(), physics(), 1, CAMERA)
    view = engine._view(np.zeros(3))
    azimuth, elevation = np.radians(view.azimuth), np.radians(view.elevation)
    ahead = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    np.testing.assert_allclose(np.array(view.lookat) - view.distance * ahead, CAMERA.position, atol=1e-9)
