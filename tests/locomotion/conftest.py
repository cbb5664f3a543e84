"""Scenes that tests share: compiling is what costs time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from motion_clips import sway_clip

from genelab.config import SceneCfg, SimulationCfg
from genelab.plugins.tasks import load_task
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.robot_model import RobotModel
from genelab_tasks_locomotion.robots import ROBOTS, UNITREE_G1

GO1 = "Genelab-Velocity-Flat-Unitree-Go1-v0"
TRACKING = "Genelab-Tracking-Flat-Unitree-G1-v0"
TICK = 0.002
SPACING = 3.0


@pytest.fixture(scope="session")
def robots_scene() -> Iterator[Any]:
    """The three robots beside one another on a plane, four envs; one `step` is one tick of 2 ms."""
    from genelab.sim.genesis_scene import GenesisScene

    entities = {}
    for index, robot in enumerate(ROBOTS.values()):
        cfg = robot.articulation()
        cfg.init_pos = (0.0, SPACING * index, cfg.init_pos[2])
        entities[robot.name] = cfg
    scene = GenesisScene(SceneCfg(entities=entities), SimulationCfg(dt=TICK, num_envs=4), decimation=1, seed=0)
    yield scene
    scene.close()


@pytest.fixture(scope="session")
def model() -> RobotModel:
    """The G1 as a kinematic tree."""
    return RobotModel(UNITREE_G1)


@pytest.fixture(scope="session")
def clip(model: RobotModel) -> MotionClip:
    """Two seconds of swaying in the air. Tests do not change it."""
    return sway_clip(model)


@pytest.fixture(scope="session")
def g1_tracking() -> Iterator[Any]:
    """G1 after a clip as for an evaluation, eight envs. Tests reset it first."""
    from genelab.envs.make import make_env

    env = make_env(load_task(TRACKING).cfg.eval_env, num_envs=8)
    yield env
    env.close()


@pytest.fixture(scope="session")
def go1() -> Iterator[Any]:
    """Go1 on flat ground as for an evaluation, without noise and pushes, eight envs. Tests reset it first."""
    from genelab.envs.make import make_env

    env = make_env(load_task(GO1).cfg.eval_env, num_envs=8)
    yield env
    env.close()
