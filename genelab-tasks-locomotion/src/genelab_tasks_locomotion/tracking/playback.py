"""A motion clip on its robot, without a policy."""

from __future__ import annotations

from genelab import mdp
from genelab.config import (
    CameraCfg,
    GroundCfg,
    ManagerBasedEnvCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    SceneCfg,
    SimulationCfg,
    TaskCfg,
)
from genelab.config.simulation import RigidSolverCfg
from genelab_tasks_locomotion.robots.unitree_g1.robot import unitree_g1
from genelab_tasks_locomotion.tracking.clip_playback import ClipPlaybackCfg


def motion_playback() -> TaskCfg:
    """Show a clip on the G1, again and again, at 50 frames per second."""
    env = ManagerBasedEnvCfg(
        simulation=SimulationCfg(dt=0.02, steps=500, gravity=(0.0, 0.0, 0.0), solver=RigidSolverCfg(collision=False)),
        decimation=1,
        scene=SceneCfg(
            entities={"robot": unitree_g1()},
            ground=GroundCfg(collision=False),
            camera=CameraCfg(position=(2.2, -2.2, 0.5), lookat=(0.0, 0.0, -0.1), follow="robot"),
        ),
        actions={"motion": ClipPlaybackCfg(clip="step_and_wave")},
        observations={
            "state": ObservationGroupCfg(terms={"joint_pos": ObservationTermCfg(func=mdp.observations.joint_pos_rel)})
        },
    )
    return TaskCfg(env=env)
