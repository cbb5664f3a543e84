"""The command `sim2sim`, MuJoCo and the observations of the core, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import CommandSpec, EngineSpec, ObservationKindSpec, hookimpl

GENELAB_API = "1"

_OBSERVATIONS = {
    "joint_pos_rel": "Joint positions minus their defaults, rad or m.",
    "joint_vel": "Joint velocities, rad/s or m/s.",
    "base_lin_vel": "Linear velocity of the base in its own frame, m/s.",
    "base_ang_vel": "Angular velocity of the base in its own frame, rad/s.",
    "projected_gravity": "Direction of gravity in the base frame.",
    "link_ang_vel": "Angular velocities of links, each in its own frame, rad/s.",
    "last_action": "The policy's last action.",
    "command": "The present value of a command.",
}
_SENSED = {
    "imu_ang_vel": "Angular velocity in the inertial unit's frame, rad/s.",
    "imu_lin_vel": "Linear velocity in the inertial unit's frame, m/s.",
    "imu_projected_gravity": "Direction of gravity in the inertial unit's frame.",
    "height_scan": "Height above flat ground at a grid of points, m.",
    "ground_distance": "Height of a point on each link above flat ground, m.",
}


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="sim2sim",
            command="genelab.sim2sim.command:command",
            summary="Run an exported policy in another simulator.",
        )
    ]


@hookimpl
def genelab_engines() -> list[EngineSpec]:
    return [
        EngineSpec(
            name="mujoco",
            engine="genelab.sim2sim.mujoco_engine:MujocoEngine",
            summary="Plain MuJoCo on the CPU (extra sim2sim).",
        )
    ]


@hookimpl
def genelab_observation_kinds() -> list[ObservationKindSpec]:
    return [
        ObservationKindSpec(
            name=name,
            kind=f"genelab.mdp.{home}:{name}",
            compute=f"genelab.sim2sim.observations:{name}",
            summary=summary,
        )
        for home, kinds in (("observations", _OBSERVATIONS), ("sensing", _SENSED))
        for name, summary in kinds.items()
    ]
