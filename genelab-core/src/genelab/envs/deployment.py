"""What it takes to run a policy in another simulator of the same robot: see `VecEnv.describe_deployment`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from genelab.config.env import ManagerBasedEnvCfg
from genelab.config.scene import ArticulationCfg
from genelab.config.serialization import to_json
from genelab.entities.articulation import Articulation
from genelab.entities.entity import load_mjcf
from genelab.managers.observation_manager import ObservationManager
from genelab.sim.scene import Scene

VERSION = 1
"""Version of the description; raised when a key changes its meaning or goes."""


def describe_env(cfg: ManagerBasedEnvCfg, scene: Scene, observations: ObservationManager) -> dict[str, Any]:
    """Return the description of everything that an environment without rewards has."""
    entities = scene.entities
    return {
        "version": VERSION,
        "physics": _describe_physics(cfg),
        "robots": {name: _describe_robot(item) for name, item in entities.items() if isinstance(item, Articulation)},
        "sensors": to_json(cfg.scene.sensors),
        "objects": [name for name, item in entities.items() if not isinstance(item, Articulation)],
        "action": {"delay": list(cfg.action_delay), "noise_std": cfg.action_noise_std},
        "observations": observations.describe(),
    }


def _describe_physics(cfg: ManagerBasedEnvCfg) -> dict[str, Any]:
    """Return ticks, solver options and what stands in the scene besides the entities."""
    simulation, solver = cfg.simulation, cfg.simulation.solver
    surroundings = to_json(cfg.scene)
    for other in ("type", "entities", "camera", "sensors"):
        del surroundings[other]
    return {
        "dt": simulation.dt,
        "substeps": simulation.substeps,
        "decimation": cfg.decimation,
        "gravity": list(simulation.gravity),
        "integrator": solver.integrator,
        "collision": solver.collision,
        "self_collision": solver.self_collision,
        "joint_limit": solver.joint_limit,
        "constraint_timeconst": solver.constraint_timeconst,
        "surroundings": surroundings,
    }


def _describe_robot(robot: Articulation) -> dict[str, Any]:
    cfg = robot.articulation_cfg
    return {
        "mjcf_sha256": hashlib.sha256(model_xml(cfg)[0].encode()).hexdigest(),
        "free_base": robot.free_base,
        "init_pos": list(cfg.init_pos),
        "init_quat": list(cfg.init_quat),
        "joint_names": list(robot.joint_names),
        "gravity_compensation": cfg.gravity_compensation,
        "default_joint_positions": robot.default_joint_pos[0].tolist(),
        "link_names": list(robot.link_names),
        "actuators": {name: actuator.describe() for name, actuator in robot.actuators.items()},
    }


def model_xml(cfg: ArticulationCfg) -> tuple[str, Path | None]:
    """Return the text of a robot's MJCF, and the file it stands in if it stands in one."""
    source = load_mjcf(cfg.mjcf)
    if source.lstrip().startswith("<"):
        return source, None
    return Path(source).read_text(encoding="utf-8"), Path(source)
