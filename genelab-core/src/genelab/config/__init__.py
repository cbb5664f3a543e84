"""Typed configurations: tables that describe a task, validated, written to JSON and overridable by path."""

from genelab.config.base import FunctionRef, configclass
from genelab.config.env import ManagerBasedEnvCfg, ManagerBasedRlEnvCfg
from genelab.config.noise import GaussianNoise, NoiseCfg, UniformNoise
from genelab.config.scene import ActuatorCfg, ArticulationCfg, CameraCfg, GroundCfg, RigidObjectCfg, SceneCfg
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

__all__ = [
    "ActionTermCfg",
    "ActuatorCfg",
    "ArticulationCfg",
    "CameraCfg",
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
    "SimulationCfg",
    "TaskCfg",
    "TerminationTermCfg",
    "UniformNoise",
    "configclass",
]
