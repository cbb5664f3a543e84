"""Inverted pendulum: keep a pole upright by moving the cart. Ceiling of the return: 10 s × (1 + 3) = 40."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genelab import mdp
from genelab.actuators import ImplicitPdCfg
from genelab.config import (
    ArticulationCfg,
    CameraCfg,
    EventTermCfg,
    ManagerBasedRlEnvCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneCfg,
    SceneEntityCfg,
    SimulationCfg,
    TaskCfg,
    TerminationTermCfg,
    UniformNoise,
)
from genelab.config.simulation import RigidSolverCfg
from genelab_tasks_locomotion.cartpole import terms

CART = SceneEntityCfg(name="robot", joints=("slider",))
POLES = SceneEntityCfg(name="robot", joints=("hinge.*",))


def inverted_pendulum_mjcf() -> str:
    """Return the path of the model. Configs name this function, so a run's folder may be moved to another machine."""
    return str(Path(__file__).parent / "inverted_pendulum.xml")


def cartpole_robot(mjcf: Callable[[], str], stiffness: float, damping: float) -> ArticulationCfg:
    """Return a cart behind a position servo (N/m, N s/m) with free poles."""
    return ArticulationCfg(
        mjcf=mjcf,
        actuators={
            "cart": ImplicitPdCfg(joints=("slider",), stiffness=stiffness, damping=damping, action_scale=1.0),
            "poles": ImplicitPdCfg(joints=("hinge.*",)),
        },
    )


def cartpole_observations(tip: str) -> dict[str, ObservationGroupCfg]:
    """Return the groups `policy`, with noise, and `critic`, without; `tip` is the link whose gyro is read."""
    tip_link = SceneEntityCfg(name="robot", links=(tip,))
    observe = mdp.observations
    policy = {
        "joint_pos": ObservationTermCfg(func=observe.joint_pos_rel, noise=UniformNoise(low=-0.005, high=0.005)),
        "joint_vel": ObservationTermCfg(func=observe.joint_vel, scale=0.1, noise=UniformNoise(low=-0.05, high=0.05)),
        "tip_ang_vel": ObservationTermCfg(
            func=observe.link_ang_vel, params={"asset": tip_link}, scale=0.2, noise=UniformNoise(low=-0.1, high=0.1)
        ),
        "last_action": ObservationTermCfg(func=observe.last_action),
    }
    critic = {
        name: ObservationTermCfg(func=term.func, params=term.params, scale=term.scale) for name, term in policy.items()
    }
    return {"policy": ObservationGroupCfg(terms=policy, corrupt=True), "critic": ObservationGroupCfg(terms=critic)}


def cartpole_simulation() -> SimulationCfg:
    """Return 100 Hz control over two ticks. No collisions, so no contact buffers and no batch padding."""
    return SimulationCfg(dt=0.005, num_envs=4096, solver=RigidSolverCfg(collision=False))


def inverted_pendulum_env() -> ManagerBasedRlEnvCfg:
    """Return the training environment."""
    return ManagerBasedRlEnvCfg(
        simulation=cartpole_simulation(),
        decimation=2,
        episode_length_s=10.0,
        # Otherwise all envs drift through the same second of an episode, and a cart far from the middle goes unnoticed.
        random_initial_episode_length=True,
        scene=SceneCfg(
            entities={"robot": cartpole_robot(inverted_pendulum_mjcf, stiffness=80.0, damping=8.0)},
            camera=CameraCfg(position=(0.0, -3.2, 0.9), lookat=(0.0, 0.0, 0.5), fov=45.0),
        ),
        actions={"cart": mdp.JointPositionActionCfg(joints=("slider",))},
        observations=cartpole_observations(tip="pole"),
        rewards={
            "alive": RewardTermCfg(func=mdp.rewards.alive, weight=1.0),
            "upright": RewardTermCfg(func=terms.upright, weight=3.0),
            "pole_angle": RewardTermCfg(func=terms.first_hinge_l2, weight=-0.5),
            "cart_position": RewardTermCfg(func=terms.cart_position_l2, weight=-0.05),
            "cart_velocity": RewardTermCfg(func=mdp.rewards.joint_vel_l2, params={"asset": CART}, weight=-0.005),
            "pole_velocity": RewardTermCfg(func=mdp.rewards.joint_vel_l2, params={"asset": POLES}, weight=-0.01),
            "action_rate": RewardTermCfg(func=mdp.rewards.action_rate_l2, weight=-0.005),
        },
        terminations={
            "time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True),
            "cart_out_of_range": TerminationTermCfg(
                func=mdp.terminations.joint_out_of_range, params={"limit": 2.4, "asset": CART}
            ),
            "pole_fell": TerminationTermCfg(
                func=mdp.terminations.joint_out_of_range, params={"limit": 0.4, "asset": POLES}
            ),
        },
        events={
            "reset_joints": EventTermCfg(
                func=mdp.reset_joints_by_offset,
                mode="reset",
                params={"position": (-0.05, 0.05), "velocity": (-0.05, 0.05)},
            ),
            "push_cart": EventTermCfg(
                func=mdp.push_joints,
                mode="interval",
                interval_s=(2.0, 5.0),
                params={"velocity": (-0.5, 0.5), "asset": CART},
            ),
        },
    )


def inverted_pendulum() -> TaskCfg:
    """Balance a pole on a cart."""
    return TaskCfg(env=inverted_pendulum_env())
