"""What velocity tasks of all robots share: scene, command, observations, terminations and events."""

from __future__ import annotations

import math

from genelab import mdp
from genelab.config import (
    ArticulationCfg,
    CameraCfg,
    EventTermCfg,
    ManagerBasedRlEnvCfg,
    MetricTermCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    SceneCfg,
    SimulationCfg,
    TerminationTermCfg,
    UniformNoise,
)
from genelab.config.simulation import RigidSolverCfg
from genelab.mdp.velocity_command import VelocityCommandCfg
from genelab.sensors.contact import ContactSensorCfg
from genelab.sensors.height import GroundDistanceCfg
from genelab_tasks_locomotion.robots.legged_robot import LeggedRobot
from genelab_tasks_locomotion.velocity import terms

COMMAND = "twist"
FEET_CONTACT, FEET_HEIGHT = "feet_contact", "feet_height"
TILT_LIMIT = math.radians(70.0)


def velocity_env(
    robot: LeggedRobot, command: VelocityCommandCfg, *, articulation: ArticulationCfg, collision_pairs: int = 12
) -> ManagerBasedRlEnvCfg:
    """Return an environment on flat ground without rewards: 50 Hz control over four ticks, episodes of 20 s."""
    feet, offset = tuple(robot.feet), next(iter(robot.feet.values()))
    return ManagerBasedRlEnvCfg(
        simulation=SimulationCfg(dt=0.005, num_envs=4096, solver=RigidSolverCfg(max_collision_pairs=collision_pairs)),
        decimation=4,
        episode_length_s=20.0,
        random_initial_episode_length=True,
        scene=SceneCfg(
            entities={"robot": articulation},
            sensors={
                FEET_CONTACT: ContactSensorCfg(links=feet),
                FEET_HEIGHT: GroundDistanceCfg(links=feet, offset=offset),
            },
            camera=CameraCfg(position=(1.6, -1.6, 0.8), lookat=(0.0, 0.0, 0.0), follow="robot"),
        ),
        actions={"joints": mdp.JointPositionActionCfg()},
        commands={COMMAND: command},
        observations=observations(),
        terminations={
            "time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True),
            "fell": TerminationTermCfg(func=mdp.terminations.bad_orientation, params={"limit": TILT_LIMIT}),
        },
        events={
            "reset_base": EventTermCfg(
                func=mdp.reset_root_uniform,
                mode="reset",
                params={"pose": {"x": (-0.5, 0.5), "y": (-0.5, 0.5), "yaw": (-math.pi, math.pi)}},
            ),
            "reset_joints": EventTermCfg(
                func=mdp.reset_joints_by_offset, mode="reset", params={"position": (0.0, 0.0)}
            ),
            "push": EventTermCfg(
                func=mdp.push_root,
                mode="interval",
                interval_s=(1.0, 3.0),
                params={"velocity": dict.fromkeys(("x", "y", "yaw"), (-0.5, 0.5))},
            ),
        },
        metrics={
            "lin_vel_error": MetricTermCfg(func=terms.lin_vel_error, params={"command": COMMAND}),
            "yaw_rate_error": MetricTermCfg(func=terms.yaw_rate_error, params={"command": COMMAND}),
        },
    )


def observations() -> dict[str, ObservationGroupCfg]:
    """Return the groups `policy`, with noise and what a real robot measures, and `critic`, exact and with velocity."""
    observe = mdp.observations
    policy = {
        "base_ang_vel": ObservationTermCfg(func=observe.base_ang_vel, noise=UniformNoise(low=-0.2, high=0.2)),
        "projected_gravity": ObservationTermCfg(
            func=observe.projected_gravity, noise=UniformNoise(low=-0.05, high=0.05)
        ),
        "joint_pos": ObservationTermCfg(func=observe.joint_pos_rel, noise=UniformNoise(low=-0.01, high=0.01)),
        "joint_vel": ObservationTermCfg(func=observe.joint_vel, noise=UniformNoise(low=-1.5, high=1.5)),
        "last_action": ObservationTermCfg(func=observe.last_action),
        "command": ObservationTermCfg(func=observe.command, params={"name": COMMAND}),
    }
    critic = {name: ObservationTermCfg(func=term.func, params=term.params) for name, term in policy.items()}
    critic["base_lin_vel"] = ObservationTermCfg(func=observe.base_lin_vel)
    return {"policy": ObservationGroupCfg(terms=policy, corrupt=True), "critic": ObservationGroupCfg(terms=critic)}
