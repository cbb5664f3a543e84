"""Pick a cube up and bring it to a goal on the ground or in the air. Return of 100 steps: between -100 and +20."""

from __future__ import annotations

from genelab import mdp
from genelab.config import (
    ActionTermCfg,
    CameraCfg,
    EventTermCfg,
    ManagerBasedRlEnvCfg,
    MetricTermCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneCfg,
    SimulationCfg,
    TaskCfg,
    TerminationTermCfg,
    UniformNoise,
)
from genelab.config.simulation import RigidSolverCfg
from genelab_tasks_manipulation.franka import terms
from genelab_tasks_manipulation.franka.robot import ARM, CUBE, FINGERS, HAND, REACH, REST_HEIGHT, cube, franka

HALF_SIDE = 0.15
"""Half the side of the square, around (0.5, 0), in which cube and goal are, m."""
GOAL = {"command": "goal", "asset": CUBE}


def franka_scene() -> SceneCfg:
    """Return arm, cube and ground."""
    return SceneCfg(
        entities={"robot": franka(), "cube": cube()},
        camera=CameraCfg(position=(1.35, -0.95, 0.75), lookat=(0.38, 0.0, 0.27), fov=40.0),
    )


def franka_simulation(num_envs: int) -> SimulationCfg:
    """Return 20 Hz control over ten solver steps of 5 ms."""
    solver = RigidSolverCfg(box_box_detection=True)
    return SimulationCfg(dt=0.01, substeps=2, num_envs=num_envs, solver=solver)


def franka_actions() -> dict[str, ActionTermCfg]:
    """Return the displacement of the hand, which keeps pointing down, and the gripper: four elements."""
    return {
        "hand": mdp.DifferentialIkActionCfg(link="hand", joints=ARM, scale=0.05, orientation=(0.0, 1.0, 0.0, 0.0)),
        "gripper": mdp.GripperActionCfg(joints=FINGERS, scale=0.1),
    }


def goal_command(air_height: float = 0.2) -> mdp.GoalPositionCommandCfg:
    """Return goals over the square: three of ten on the ground, the others up to `air_height` (m)."""
    return mdp.GoalPositionCommandCfg(
        resampling_s=(1e9, 1e9),
        low=(0.5 - HALF_SIDE, -HALF_SIDE, REST_HEIGHT),
        high=(0.5 + HALF_SIDE, HALF_SIDE, air_height),
        floor_probability=0.3,
        reach=REACH,
        stratum="goal_height",
    )


def state_terms() -> dict[str, ObservationTermCfg]:
    """Return the 35 numbers that the policy sees besides the goals."""
    place = UniformNoise(low=-0.002, high=0.002)
    observe, frames = mdp.observations, mdp.frames
    return {
        "joint_pos": ObservationTermCfg(func=observe.joint_pos_rel, noise=UniformNoise(low=-0.005, high=0.005)),
        "joint_vel": ObservationTermCfg(func=observe.joint_vel, scale=0.1, noise=UniformNoise(low=-0.05, high=0.05)),
        "hand_position": ObservationTermCfg(func=frames.link_position, params={"asset": HAND}, noise=place),
        "cube_position": ObservationTermCfg(func=frames.object_position, params={"asset": CUBE}, noise=place),
        "goal": ObservationTermCfg(func=observe.command, params={"name": "goal"}),
        "cube_to_goal": ObservationTermCfg(func=frames.object_to_goal, params=GOAL),
        "last_action": ObservationTermCfg(func=observe.last_action),
        "time_left": ObservationTermCfg(func=frames.time_left),
    }


def reset_events() -> dict[str, EventTermCfg]:
    """Return the start: arm at its default, cube upright and at rest anywhere in the square."""
    square = (-HALF_SIDE, HALF_SIDE)
    return {
        "reset_cube": EventTermCfg(
            func=mdp.reset_root_uniform, mode="reset", params={"pose": {"x": square, "y": square}, "asset": CUBE}
        ),
    }


def pick_and_place_env() -> ManagerBasedRlEnvCfg:
    """Return the training environment."""
    achieved = ObservationTermCfg(func=mdp.frames.object_position, params={"asset": CUBE})
    desired = ObservationTermCfg(func=mdp.observations.command, params={"name": "goal"})
    return ManagerBasedRlEnvCfg(
        simulation=franka_simulation(num_envs=64),
        decimation=5,
        episode_length_s=5.0,
        scale_rewards_by_dt=False,
        scene=franka_scene(),
        actions=franka_actions(),
        commands={"goal": goal_command()},
        observations={
            "observation": ObservationGroupCfg(terms=state_terms(), corrupt=True),
            "achieved_goal": ObservationGroupCfg(terms={"cube_position": achieved}),
            "desired_goal": ObservationGroupCfg(terms={"goal": desired}),
        },
        # Their sum is terms.compute_reward.
        rewards={
            "goal_missed": RewardTermCfg(func=terms.goal_missed, params=GOAL, weight=1.0),
            "lift": RewardTermCfg(func=terms.object_lift, params={"asset": CUBE}, weight=terms.LIFT_WEIGHT),
        },
        metrics={"at_goal": MetricTermCfg(func=terms.goal_reached, params=GOAL)},
        terminations={
            "time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True),
            "cube_lost": TerminationTermCfg(func=mdp.terminations.base_below, params={"height": -0.1, "asset": CUBE}),
        },
        events=reset_events(),
        # The first three of ten bins are goals on the ground, the others seven heights in the air.
        strata={"goal_height": 10},
    )


def pick_and_place() -> TaskCfg:
    """Pick a cube up and bring it to a goal."""
    return TaskCfg(env=pick_and_place_env())
