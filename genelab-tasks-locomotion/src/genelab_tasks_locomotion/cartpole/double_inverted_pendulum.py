"""Double inverted pendulum. Ceiling of the return: 12 s × (1 + 4) = 60."""

from __future__ import annotations

from pathlib import Path

from genelab import mdp
from genelab.config import (
    CameraCfg,
    EventTermCfg,
    ManagerBasedRlEnvCfg,
    RewardTermCfg,
    SceneCfg,
    SceneEntityCfg,
    TaskCfg,
    TerminationTermCfg,
)
from genelab_tasks_locomotion.cartpole import terms
from genelab_tasks_locomotion.cartpole.inverted_pendulum import (
    CART,
    POLES,
    cartpole_observations,
    cartpole_robot,
    cartpole_simulation,
)


def double_inverted_pendulum_mjcf() -> str:
    """Return the path of the model."""
    return str(Path(__file__).parent / "double_inverted_pendulum.xml")


def _fell(joint: str, limit: float) -> TerminationTermCfg:
    asset = SceneEntityCfg(name="robot", joints=(joint,))
    return TerminationTermCfg(func=mdp.terminations.joint_out_of_range, params={"limit": limit, "asset": asset})


def double_inverted_pendulum() -> TaskCfg:
    """Balance two poles, one on top of the other, on a cart."""
    env = ManagerBasedRlEnvCfg(
        simulation=cartpole_simulation(),
        decimation=2,
        episode_length_s=12.0,
        scene=SceneCfg(
            entities={"robot": cartpole_robot(double_inverted_pendulum_mjcf, stiffness=100.0, damping=10.0)},
            camera=CameraCfg(position=(0.0, -3.6, 1.0), lookat=(0.0, 0.0, 0.6), fov=45.0),
        ),
        actions={"cart": mdp.JointPositionActionCfg(joints=("slider",))},
        observations=cartpole_observations(tip="pole_2"),
        rewards={
            "alive": RewardTermCfg(func=mdp.rewards.alive, weight=1.0),
            "upright": RewardTermCfg(func=terms.upright, weight=4.0),
            "hinge_difference": RewardTermCfg(func=terms.hinge_difference_l2, weight=-0.5),
            "cart_position": RewardTermCfg(func=terms.cart_position_l2, weight=-0.05),
            "cart_velocity": RewardTermCfg(func=mdp.rewards.joint_vel_l2, params={"asset": CART}, weight=-0.005),
            "pole_velocity": RewardTermCfg(func=mdp.rewards.joint_vel_l2, params={"asset": POLES}, weight=-0.005),
            "action_rate": RewardTermCfg(func=mdp.rewards.action_rate_l2, weight=-0.005),
        },
        terminations={
            "time_out": TerminationTermCfg(func=mdp.terminations.time_out, time_out=True),
            "cart_out_of_range": TerminationTermCfg(
                func=mdp.terminations.joint_out_of_range, params={"limit": 2.4, "asset": CART}
            ),
            "first_pole_fell": _fell("hinge", 0.5),
            "second_pole_fell": _fell("hinge_2", 0.7),
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
                interval_s=(3.0, 6.0),
                params={"velocity": (-0.3, 0.3), "asset": CART},
            ),
        },
    )
    return TaskCfg(env=env)
