"""Prints physics ticks per second on one core: `python tests/benchmarks/robot_ticks.py [ROBOT ...]`.

Not a test. For each robot: its own few collision shapes beside all shapes of the maker's model, Genesis' default beside
its performance mode, and one robot in MuJoCo. Robots stand and follow small random targets; a tick is 5 ms. Times are
processor time, so that neighbours on the machine count less; every figure is from a process of its own.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "locomotion"))

from genelab.plugins.child_process import Child
from genelab_tasks_locomotion.robots import ROBOTS

TICK, DECIMATION = 0.005, 4
NUM_ENVS = 500
STEPS, RESET_EVERY = 80, 40
PATHS = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])
VARIABLES = {"PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1", "GENELAB_GENESIS_LOG": "error"}


def all_shapes(mjcf: str) -> str:
    """Return the model with every shape of the maker's description colliding."""
    default = r'(<default class="shape">\s*<geom )'
    return re.sub(default, r'\1contype="1" conaffinity="1" ', Path(mjcf).read_text(encoding="utf-8"))


def in_genesis(name: str, every_shape: bool, performance_mode: bool, self_collision: bool, num_envs: int) -> float:
    import torch

    from genelab.config import SceneCfg, SimulationCfg
    from genelab.config.simulation import RigidSolverCfg
    from genelab.sim.genesis_scene import GenesisScene

    cfg = ROBOTS[name].articulation()
    if every_shape:
        cfg.mjcf = all_shapes(str(cfg.mjcf()))
    sim = SimulationCfg(
        dt=TICK,
        num_envs=num_envs,
        gpu=False,
        performance_mode=performance_mode,
        solver=RigidSolverCfg(self_collision=self_collision, max_collision_pairs=100 if every_shape else 30),
    )
    scene = GenesisScene(SceneCfg(entities={"robot": cfg}), sim, decimation=DECIMATION, seed=0)
    robot = scene["robot"]
    everyone = torch.ones(num_envs, dtype=torch.bool)
    spent = 0.0
    for step in range(-RESET_EVERY, STEPS):
        if step % RESET_EVERY == 0:
            robot.reset(everyone)
        robot.target = robot.default_joint_pos + 0.1 * torch.randn(num_envs, robot.num_joints)
        began = time.process_time()
        scene.step()
        if step >= 0:
            spent += time.process_time() - began
    scene.close()
    return num_envs * STEPS * DECIMATION / spent


def in_mujoco(name: str) -> float:
    import numpy as np
    from mujoco_robot import MujocoRobot

    twin = MujocoRobot(ROBOTS[name], TICK)
    rng, control_steps, spent = np.random.default_rng(0), 4000, 0.0
    for step in range(control_steps):
        if step % RESET_EVERY == 0:
            twin.reset(twin.default_joint_pos)
        target = twin.hold + 0.1 * rng.standard_normal(len(twin.joint_names))
        began = time.process_time()
        twin.step(target, DECIMATION)
        spent += time.process_time() - began
    return control_steps * DECIMATION / spent


def main() -> None:
    print("| robot | shapes | simulator | ticks/s on a core | ratio |\n|---|---|---|---|---|")
    variants = [  # the first is what the ratios compare with
        ("own", "Genesis", {"every_shape": False, "performance_mode": False, "self_collision": False}),
        ("own", "Genesis, performance mode", {"every_shape": False, "performance_mode": True, "self_collision": False}),
        (
            "own, also against one another",
            "Genesis",
            {"every_shape": False, "performance_mode": False, "self_collision": True},
        ),
        ("all", "Genesis", {"every_shape": True, "performance_mode": False, "self_collision": False}),
        ("all", "Genesis, performance mode", {"every_shape": True, "performance_mode": True, "self_collision": False}),
    ]
    for name in sys.argv[1:] or list(ROBOTS):
        base = None
        for shapes, simulator, options in variants:
            arguments = {"name": name, "num_envs": NUM_ENVS, **options}
            rate = Child("robot_ticks:in_genesis", arguments, VARIABLES).result()
            base = base or rate
            print(f"| {name} | {shapes} | {simulator} | {rate:,.0f} | {rate / base:.2f} |", flush=True)
        rate = Child("robot_ticks:in_mujoco", {"name": name}, VARIABLES).result()
        print(f"| {name} | own | MuJoCo, one robot | {rate:,.0f} | {rate / base:.2f} |", flush=True)


if __name__ == "__main__":
    main()
