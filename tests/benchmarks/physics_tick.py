"""Prints what a longer physics tick changes: `python tests/benchmarks/physics_tick.py [ROBOT ...]`.

Not a test. Sixteen envs of each robot move open loop, each with its own frequency: the quadruped trots, the wheeled one
drives while its knees bend, the humanoid bends its knees and swings its arms for the second that it stays up. Targets
change at 50 Hz. Genesis with a tick of 1 ms is what the longer ticks and MuJoCo (1 ms) are compared with.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "locomotion"))

from mujoco_robot import MujocoRobot

from genelab.config import SceneCfg, SimulationCfg
from genelab.sim.genesis_scene import GenesisScene
from genelab_tasks_locomotion.robots import ROBOTS, UNITREE_G1, UNITREE_GO1, UNITREE_GO2W, LeggedRobot

CONTROL_DT = 0.02
NUM_ENVS = 16
TICKS_MS = (1, 2, 4, 5, 10)
RATES = np.linspace(1.5, 2.5, NUM_ENVS)
"""Steps or knee bends a second, one per env."""

COLUMNS = (
    "joints differ, mrad rms",
    "height differs, mm",
    "height, mm",
    "tracking, mrad rms",
    "force, N",
    "foot force 95 %, N",
    "feet down, %",
    "moved, cm",
)


def trot(names: tuple[str, ...], target: np.ndarray, time: float) -> None:
    """Lift diagonal pairs of feet in turn and swing the thighs."""
    for column, name in enumerate(names):
        phase = 2 * np.pi * RATES * time + (0.0 if name[:2] in ("FR", "RL") else np.pi)
        if "thigh" in name:
            target[:, column] += 0.15 * np.cos(phase)
        elif "calf" in name:
            target[:, column] -= 0.4 * np.maximum(0.0, np.sin(phase))


def drive(names: tuple[str, ...], target: np.ndarray, time: float) -> None:
    """Speed up to 5 rad/s within a second while the knees bend and stretch."""
    bend = 0.15 * np.sin(2 * np.pi * RATES * time)
    for column, name in enumerate(names):
        if "wheel" in name:
            target[:, column] = 5.0 * min(time, 1.0)
        elif "thigh" in name:
            target[:, column] += bend
        elif "calf" in name:
            target[:, column] -= 2 * bend


def bend_knees(names: tuple[str, ...], target: np.ndarray, time: float) -> None:
    """Bend and stretch the legs with level feet and swing the arms against one another."""
    bend = 0.1 * np.sin(2 * np.pi * RATES * time)
    share = {"hip_pitch_joint": -1.0, "knee_joint": 2.0, "ankle_pitch_joint": -1.0, "shoulder_pitch_joint": 3.0}
    for column, name in enumerate(names):
        side, _, joint = name.partition("_")
        sign = -1.0 if joint.startswith("shoulder") and side == "left" else 1.0
        target[:, column] += sign * share.get(joint, 0.0) * bend


@dataclass
class Motion:
    """An open-loop motion and how long it is watched, s."""

    move: Callable[[tuple[str, ...], np.ndarray, float], None]
    seconds: float


MOTIONS = {
    UNITREE_GO1.name: Motion(trot, 3.0),
    UNITREE_GO2W.name: Motion(drive, 3.0),
    UNITREE_G1.name: Motion(bend_knees, 1.0),
}


@dataclass
class Track:
    """What was seen, per control step and env.

    Attributes:
        joints: rad.
        error: Target minus angle of the position servos, rad.
        base: Base position, m.
        force: Vertical contact force on each foot, the mean over the control step, N.
    """

    joints: np.ndarray
    error: np.ndarray
    base: np.ndarray
    force: np.ndarray


def targets(robot: LeggedRobot, names: tuple[str, ...], hold: np.ndarray) -> list[np.ndarray]:
    motion, rows = MOTIONS[robot.name], []
    for step in range(round(motion.seconds / CONTROL_DT)):
        row = np.tile(hold, (NUM_ENVS, 1))
        motion.move(names, row, step * CONTROL_DT)
        rows.append(row)
    return rows


def in_genesis(robot: LeggedRobot, tick_ms: int, *, dc_motor: bool) -> Track:
    cfg, twin = robot.articulation(dc_motor=dc_motor), MujocoRobot(robot, 0.001)
    sim = SimulationCfg(dt=tick_ms / 1000, num_envs=NUM_ENVS, gpu=False)
    scene = GenesisScene(SceneCfg(entities={"robot": cfg}), sim, decimation=1, seed=0)
    entity = scene["robot"]
    entity.reset(torch.ones(NUM_ENVS, dtype=torch.bool))
    feet = [entity.link_names.index(link) for link in robot.feet]
    rows = []
    for target in targets(robot, entity.joint_names, twin.hold):
        entity.target[:] = torch.tensor(target, dtype=torch.float32)
        force = np.zeros((NUM_ENVS, len(feet)))
        ticks = round(CONTROL_DT * 1000 / tick_ms)
        for _ in range(ticks):
            scene.step()
            force += entity.link_contact_force[:, feet, 2].numpy() / ticks
        joints = entity.joint_pos.numpy().copy()
        rows.append((joints, target - joints, entity.root_pos.numpy().copy(), force))
    scene.close()
    return collect(robot, entity.joint_names, rows)


def in_mujoco(robot: LeggedRobot) -> Track:
    twins = [MujocoRobot(robot, 0.001) for _ in range(NUM_ENVS)]
    rows = []
    for target in targets(robot, twins[0].joint_names, twins[0].hold):
        force = np.zeros((NUM_ENVS, len(robot.feet)))
        ticks = round(CONTROL_DT * 1000)
        for env, twin in enumerate(twins):
            for _ in range(ticks):
                twin.step(target[env], 1)
                force[env] += twin.foot_forces() / ticks
        joints = np.array([twin.data.qpos[7:] for twin in twins])
        rows.append((joints, target - joints, np.array([twin.data.qpos[:3] for twin in twins]), force))
    return collect(robot, twins[0].joint_names, rows)


def collect(robot: LeggedRobot, names: tuple[str, ...], rows: list[tuple[np.ndarray, ...]]) -> Track:
    joints, error, base, force = (np.array(values) for values in zip(*rows, strict=True))
    servos = [column for column, name in enumerate(names) if "wheel" not in name]
    return Track(joints[..., servos], error[..., servos], base, force)


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def report(label: str, seen: Track, reference: Track) -> None:
    half = len(seen.force) // 2 if len(seen.force) > 100 else 0  # the gait without its start
    force = seen.force[half:]
    cells = [
        root_mean_square(seen.joints - reference.joints) * 1000,
        1000 * np.abs(seen.base[..., 2] - reference.base[..., 2]).mean(),
        1000 * seen.base[half:, :, 2].mean(),
        root_mean_square(seen.error[half:]) * 1000,
        force.sum(axis=-1).mean(),
        np.percentile(force, 95),
        100 * (force > 1.0).mean(),
        100 * (seen.base[-1, :, 0] - seen.base[0, :, 0]).mean(),
    ]
    print(f"| {label} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)


def main() -> None:
    chosen = sys.argv[1:] or list(ROBOTS)
    for name in chosen:
        robot = ROBOTS[name]
        print(f"\n{name}, {MOTIONS[name].move.__doc__}\n\n| simulation | {' | '.join(COLUMNS)} |\n|" + "---|" * 9)
        reference = in_genesis(robot, TICKS_MS[0], dc_motor=False)
        report(f"Genesis {TICKS_MS[0]} ms", reference, reference)
        for tick in TICKS_MS[1:]:
            report(f"Genesis {tick} ms", in_genesis(robot, tick, dc_motor=False), reference)
        report("MuJoCo 1 ms", in_mujoco(robot), reference)
        for tick in (1, 2, 5):
            report(f"Genesis {tick} ms, torque by speed", in_genesis(robot, tick, dc_motor=True), reference)


if __name__ == "__main__":
    main()
