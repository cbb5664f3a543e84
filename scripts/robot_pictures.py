"""Draws the pictures of the robots' pages: `python scripts/robot_pictures.py`. Needs OpenGL, no display."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from genelab.config import CameraCfg, SceneCfg, SimulationCfg
from genelab.sim.genesis_scene import GenesisScene
from genelab_tasks_locomotion.robots import ROBOTS, UNITREE_G1, LeggedRobot

FOLDER = Path(__file__).parents[1] / "docs" / "robots"
CLOSE = CameraCfg(resolution=(720, 480), position=(0.95, -0.85, 0.55), lookat=(0.0, 0.0, 0.18), fov=36.0)
TALL = CameraCfg(resolution=(480, 640), position=(1.75, -1.6, 1.05), lookat=(0.0, 0.0, 0.63), fov=36.0)


def draw(robot: LeggedRobot) -> None:
    """Let the robot settle on its feet for a fifth of a second and take its picture."""
    camera = TALL if robot is UNITREE_G1 else CLOSE
    cfg = SceneCfg(entities={"robot": robot.articulation()}, camera=camera)
    scene = GenesisScene(cfg, SimulationCfg(num_envs=1, gpu=False), decimation=4, seed=0, render_envs=1)
    scene["robot"].reset(torch.ones(1, dtype=torch.bool))
    for _ in range(10):
        scene.step()
    Image.fromarray(scene.render()).quantize(192).save(FOLDER / f"{robot.name}.png", optimize=True)
    scene.close()


if __name__ == "__main__":
    for robot in ROBOTS.values():
        draw(robot)
