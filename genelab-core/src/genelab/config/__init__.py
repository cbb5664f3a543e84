"""Typed configurations: tables that describe a task, validated, written to JSON and overridable by path."""

from genelab.config.base import FunctionRef, configclass
from genelab.config.env import ManagerBasedEnvCfg, ManagerBasedRlEnvCfg
from genelab.config.noise import GaussianNoise, NoiseCfg, UniformNoise
from genelab.config.randomization import randomizes
from genelab.config.scene import ActuatorCfg, ArticulationCfg, CameraCfg, GroundCfg, RigidObjectCfg, SceneCfg
from genelab.config.sensor import SensorCfg
from genelab.config.simulation import SimulationCfg
from genelab.config.task import TaskCfg
from genelab.config.terms import (
    ActionTermCfg,
    CommandTermCfg,
    CurriculumTermCfg,
    EventTermCfg,
    MetricTermCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneEntityCfg,
    TerminationTermCfg,
)
from genelab.config.terrain import CellCfg, TerrainCfg

__all__ = [
    "ActionTermCfg",
    "ActuatorCfg",
    "ArticulationCfg",
    "CameraCfg",
    "CellCfg",
    "CommandTermCfg",
    "CurriculumTermCfg",
    "EventTermCfg",
    "FunctionRef",
    "GaussianNoise",
    "GroundCfg",
    "ManagerBasedEnvCfg",
    "ManagerBasedRlEnvCfg",
    "MetricTermCfg",
    "NoiseCfg",
    "ObservationGroupCfg",
    "ObservationTermCfg",
    "RewardTermCfg",
    "RigidObjectCfg",
    "SceneCfg",
    "SceneEntityCfg",
    "SensorCfg",
    "SimulationCfg",
    "TaskCfg",
    "TerminationTermCfg",
    "TerrainCfg",
    "UniformNoise",
    "configclass",
    "randomizes",
]
