"""A small four-legged robot for tests: free base, contacts, every kind of actuator."""

from __future__ import annotations

from genelab import mdp
from genelab.actuators import DcMotorCfg, IdealPdCfg, ImplicitPdCfg, ImplicitVelocityCfg
from genelab.config import (
    ArticulationCfg,
    EventTermCfg,
    GaussianNoise,
    ManagerBasedRlEnvCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneCfg,
    SimulationCfg,
    TerminationTermCfg,
)

_LEG = """
<body name="{name}" pos="{x} {y} 0">
  <joint name="{name}_hip" type="hinge" axis="0 1 0" range="-1.5 1.5" damping="0.05" armature="0.01"/>
  <geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02" mass="0.3"/>
  <geom type="sphere" pos="0 0 -0.2" size="0.03" mass="0.05"/>
</body>"""


def quadruped_mjcf() -> str:
    """Return the model as XML."""
    legs = [("fl", 0.2, 0.1), ("fr", 0.2, -0.1), ("rl", -0.2, 0.1), ("rr", -0.2, -0.1)]
    bodies = "".join(_LEG.format(name=name, x=x, y=y) for name, x, y in legs)
    return f"""<mujoco model="quadruped"><compiler angle="radian" autolimits="true"/><worldbody>
    <body name="trunk" pos="0 0 0.25"><freejoint name="root"/>
    <geom type="box" size="0.25 0.1 0.04" mass="3"/>{bodies}</body></worldbody></mujoco>"""


def quadruped_cfg() -> ManagerBasedRlEnvCfg:
    """Return the environment: position targets on the legs, one of each actuator model."""
    observe = mdp.observations
    terms = {
        "base_lin_vel": ObservationTermCfg(func=observe.base_lin_vel),
        "gravity": ObservationTermCfg(func=observe.projected_gravity, noise=GaussianNoise(std=0.05)),
        "joint_pos": ObservationTermCfg(func=observe.joint_pos_rel, latency=(0, 2)),
        "joint_vel": ObservationTermCfg(func=observe.joint_vel, scale=0.1, clip=(-1.0, 1.0)),
    }
    return ManagerBasedRlEnvCfg(
        simulation=SimulationCfg(dt=0.005, num_envs=8),
        decimation=4,
        episode_length_s=2.0,
        scene=SceneCfg(
            entities={
                "robot": ArticulationCfg(
                    mjcf=quadruped_mjcf,
                    init_pos=(0.0, 0.0, 0.25),
                    joint_pos={".*_hip": 0.1},
                    actuators={
                        "implicit": ImplicitPdCfg(joints=("fl_hip",), stiffness=20.0, damping=0.5, effort_limit=10.0),
                        "ideal": IdealPdCfg(joints=("fr_hip",), stiffness=20.0, damping=0.5, effort_limit=10.0),
                        "motor": DcMotorCfg(
                            joints=("rl_hip",), stiffness=20.0, damping=0.5, effort_limit=10.0, velocity_limit=20.0
                        ),
                        "velocity": ImplicitVelocityCfg(joints=("rr_hip",), damping=2.0, effort_limit=10.0),
                    },
                )
            }
        ),
        actions={"legs": mdp.JointPositionActionCfg(scale=0.25)},
        observations={
            "policy": ObservationGroupCfg(terms=terms, corrupt=True, history_length=3),
            "critic": ObservationGroupCfg(terms={"base_lin_vel": terms["base_lin_vel"]}),
        },
        rewards={"alive": RewardTermCfg(func=mdp.rewards.alive, weight=1.0)},
        terminations={
            "time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True),
            "tipped_over": TerminationTermCfg(func=mdp.terminations.bad_orientation, params={"limit": 1.0}),
        },
        events={
            "reset_root": EventTermCfg(
                func=mdp.reset_root_uniform,
                mode="reset",
                params={"pose": {"x": (-0.5, 0.5), "yaw": (-3.14, 3.14)}, "velocity": {"x": (-0.1, 0.1)}},
            ),
            "reset_joints": EventTermCfg(
                func=mdp.reset_joints_by_offset, mode="reset", params={"position": (-0.1, 0.1)}
            ),
            "push": EventTermCfg(
                func=mdp.push_root, mode="interval", interval_s=(0.3, 0.6), params={"velocity": {"y": (-0.5, 0.5)}}
            ),
        },
    )
