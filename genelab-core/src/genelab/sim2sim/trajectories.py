"""Repeats the reference rollout, the first second of some episodes in Genesis, in an engine and compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from genelab.export.policy import ExportedPolicy
from genelab.export.reference import ReferenceRollout
from genelab.sim2sim.checks import TermDifferences
from genelab.sim2sim.controller import Controller
from genelab.sim2sim.documents import Drift, Trajectory
from genelab.sim2sim.engine import Engine
from genelab.sim2sim.robot_state import read_state

TIMES = (0.1, 0.25, 0.5, 1.0)
"""When differences are reported, s."""


def compare_trajectories(engine: Engine, network: ExportedPolicy, reference: ReferenceRollout) -> Trajectory:
    """Return how far the engine's robots drift from those of the reference.

    Args:
        engine: As many robots as the reference has episodes.
        network: The exported policy.
        reference: What Genesis did.
    """
    return Trajectory(
        episodes=reference.qpos.shape[1],
        seconds=len(reference.actions) * engine.physics.step_dt,
        observations=_observation_differences(engine, network, reference),
        open_loop=_drifts(engine, reference, _run(engine, network, reference, closed=False)),
        closed_loop=_drifts(engine, reference, _run(engine, network, reference, closed=True)),
    )


def _commands(reference: ReferenceRollout, step: int) -> dict[str, np.ndarray]:
    return {name: values[step].astype(float) for name, values in reference.commands.items()}


def _controller(engine: Engine, network: ExportedPolicy) -> Controller:
    return Controller(network.artifact.metadata, engine.num_envs)


def _observation_differences(engine: Engine, network: ExportedPolicy, reference: ReferenceRollout) -> dict[str, float]:
    """Compare observations in the states of the reference, where contact forces are zero."""
    groups = network.artifact.metadata["obs_groups"]
    controller, differences = _controller(engine, network), TermDifferences(groups)
    everyone = np.ones(engine.num_envs, dtype=bool)
    for step, actions in enumerate(reference.actions):
        engine.write_state(reference.qpos[step].astype(float), reference.qvel[step].astype(float), everyone)
        robot = read_state(engine, _commands(reference, step), controller.last_action, controller.step)
        own = controller.observe(robot, everyone & (step == 0))
        differences.note(own, _by_group(groups, reference.observations[step]), step <= reference.last)
        controller.targets(actions, robot)
    return differences.largest


def _by_group(groups: Mapping[str, Any], flat: np.ndarray) -> dict[str, np.ndarray]:
    return {name: flat[:, group["start"] : group["start"] + group["dim"]] for name, group in groups.items()}


def _run(
    engine: Engine, network: ExportedPolicy, reference: ReferenceRollout, *, closed: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions `(steps + 1, episodes, nq)` and velocities `(steps + 1, episodes, nv)`."""
    controller = _controller(engine, network)
    everyone = np.ones(engine.num_envs, dtype=bool)
    engine.write_state(reference.qpos[0].astype(float), reference.qvel[0].astype(float), everyone)
    network.reset()
    qpos, qvel = [engine.qpos], [engine.qvel]
    for step, recorded in enumerate(reference.actions):
        actions = recorded
        robot = read_state(engine, _commands(reference, step), controller.last_action, controller.step)
        if closed:
            own = controller.observe(robot, everyone & (step == 0))
            actions = network({name: torch.from_numpy(value).float() for name, value in own.items()}).numpy()
        engine.step(controller.targets(actions, robot))
        qpos.append(engine.qpos)
        qvel.append(engine.qvel)
    return np.stack(qpos), np.stack(qvel)


def _drifts(engine: Engine, reference: ReferenceRollout, run: tuple[np.ndarray, np.ndarray]) -> dict[str, Drift]:
    """Return the drift of each quantity."""
    joints = len(engine.robot.joint_names)
    ours, theirs = run[0], reference.qpos.astype(float)
    quantities = {
        "joint_pos": np.abs(ours[..., -joints:] - theirs[..., -joints:]).max(axis=2),
        "joint_vel": np.abs(run[1][..., -joints:] - reference.qvel[..., -joints:]).max(axis=2),
    }
    if engine.robot.free_base:
        quantities["base_pos"] = np.linalg.norm(ours[..., :3] - theirs[..., :3], axis=2)
        quantities["base_angle"] = _angles(ours[..., 3:7], theirs[..., 3:7])
    running = np.arange(len(theirs))[:, None] <= reference.last
    return {name: _drift(values, running, engine.physics.step_dt) for name, values in quantities.items()}


def _angles(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the angles, rad, between orientations `(..., 4)`; the arc cosine would lose small ones to rounding."""
    apart = np.minimum(np.linalg.norm(first - second, axis=-1), np.linalg.norm(first + second, axis=-1))
    return 4.0 * np.arcsin(np.clip(apart / 2.0, 0.0, 1.0))


def _drift(values: np.ndarray, running: np.ndarray, step_dt: float) -> Drift:
    """Summarise differences `(steps + 1, episodes)` of the episodes that still run in the reference."""
    at = {}
    for time in TIMES:
        step = round(time / step_dt)
        if step < len(values) and running[step].any():
            now = values[step][running[step]]
            at[f"{time:g}"] = {"mean": float(now.mean()), "max": float(now.max())}
    largest = np.where(running, values, 0.0).max(axis=1)
    return Drift(at, [float(value) for value in largest])
