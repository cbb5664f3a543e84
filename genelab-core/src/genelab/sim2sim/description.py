"""The metadata of an exported policy as a robot and its physics: everything that a simulator needs, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from genelab.utils.errors import GenelabError, UsageError

VERSION = 1
"""Version of the metadata's `deployment` that is understood here."""


@dataclass(frozen=True)
class Physics:
    """How time passes.

    Attributes:
        dt: Tick, s.
        substeps: Solver steps within a tick.
        decimation: Ticks per control step.
        gravity: m/s², `(3,)`.
        integrator: `"approximate_implicitfast"`, `"implicitfast"` or `"Euler"`.
        collision: Any contacts at all.
        self_collision: Contacts between links of the robot.
        joint_limit: Whether limits hold.
        constraint_timeconst: Softness, s, of contacts and limits for which the model file states none.
        ground_height: Height of the ground plane, m; `None` where there is no ground to touch.
        ground_friction: Its friction coefficient.
    """

    dt: float
    substeps: int
    decimation: int
    gravity: np.ndarray
    integrator: str
    collision: bool
    self_collision: bool
    joint_limit: bool
    constraint_timeconst: float
    ground_height: float | None
    ground_friction: float

    @property
    def step_dt(self) -> float:
        """Control step, s."""
        return self.dt * self.decimation


@dataclass(frozen=True)
class Drive:
    """A group of joints and the law that moves them; arrays are `(num_joints,)`.

    Attributes:
        model: Name of the law.
        joints: Indices among the robot's joints.
        sampled: Whether the law reads the joint state once a tick.
        stiffness: N m/rad or N/m.
        damping: N m s/rad or N s/m.
        effort_limit: N m or N; infinite for none.
        armature: kg m² or kg; `None` for what the model file says.
        friction_loss: N m or N; `None` for what the model file says.
        velocity_limit: No-load speed of a motor, rad/s or m/s; infinite where the law has none.
        saturation_effort: Stall torque of a motor, N m or N; infinite where the law has none.
    """

    model: str
    joints: np.ndarray
    sampled: bool
    stiffness: np.ndarray
    damping: np.ndarray
    effort_limit: np.ndarray
    armature: np.ndarray | None
    friction_loss: np.ndarray | None
    velocity_limit: np.ndarray
    saturation_effort: np.ndarray


@dataclass(frozen=True)
class RobotModel:
    """One robot.

    Attributes:
        name: Its name in the scene.
        xml: Text of its MJCF.
        folder: Where files that the MJCF names are looked for; `None` for the working directory.
        free_base: Whether its base floats.
        joint_names: Its joints with one degree of freedom, in the order of every vector of joints.
        link_names: Its links.
        default_joint_pos: rad or m, `(num_joints,)`.
        gravity_compensation: Share of each link's weight that is held for the motors.
        drives: Groups that together hold every joint once.
        sensors: What is measured on it, as the metadata describes it, by name.
    """

    name: str
    xml: str
    folder: str | None
    free_base: bool
    joint_names: tuple[str, ...]
    link_names: tuple[str, ...]
    default_joint_pos: np.ndarray
    gravity_compensation: float
    drives: tuple[Drive, ...]
    sensors: dict[str, Any]


@dataclass(frozen=True)
class Camera:
    """Where films are taken from; see `genelab.config.CameraCfg`."""

    resolution: tuple[int, int]
    position: tuple[float, float, float]
    lookat: tuple[float, float, float]
    fov: float
    follow: bool


def require_deployment(metadata: dict[str, Any], file: str) -> dict[str, Any]:
    """Return the metadata's `deployment`.

    Raises:
        UsageError: if it is missing, or of a version that is not understood.
    """
    deployment = metadata.get("deployment")
    if deployment is None:
        raise UsageError(
            f"the metadata of {file} does not describe the robot's physics (deployment)",
            fix="write the file again with this version's `genelab export`, from a task with a robot",
        )
    if deployment["version"] != VERSION:
        raise UsageError(
            f"the metadata of {file} describes the robot in version {deployment['version']}; known here is {VERSION}",
            fix="write the file again with this version's `genelab export`",
        )
    return deployment


def robot_name(deployment: dict[str, Any]) -> str:
    """Return the name of the only robot.

    Raises:
        UsageError: if there are several, or other bodies.
    """
    robots, objects = list(deployment["robots"]), deployment["objects"]
    if len(robots) != 1 or objects:
        raise UsageError(
            f"sim2sim knows scenes of one robot; this one has {', '.join([*robots, *objects]) or 'none'}",
            fix="choose a task without further bodies",
        )
    return robots[0]


def read_physics(deployment: dict[str, Any]) -> Physics:
    """Return the physics.

    Raises:
        UsageError: for surroundings other than a plane.
    """
    described = dict(deployment["physics"])
    surroundings = dict(described.pop("surroundings"))
    ground = surroundings.pop("ground")
    for name, value in surroundings.items():
        if value is not None and value != {} and value != []:
            raise UsageError(f"sim2sim knows flat ground only; this task's scene has {name}", fix="choose a flat task")
    gravity = np.array(described.pop("gravity"))
    height, friction = None, 1.0
    if ground is not None and ground["collision"]:
        height, friction = ground["height"], ground["friction"]
    return Physics(**described, gravity=gravity, ground_height=height, ground_friction=friction)


def read_robot(deployment: dict[str, Any], xml: str, folder: str | None) -> RobotModel:
    """Return the robot whose MJCF has the text `xml`.

    Raises:
        GenelabError: if that is not the MJCF that the policy was exported with.
    """
    name = robot_name(deployment)
    described = deployment["robots"][name]
    if hashlib.sha256(xml.encode()).hexdigest() != described["mjcf_sha256"]:
        raise GenelabError(
            f"the model file of {name!r} is not the one that the policy was exported with (SHA-256 differs)",
            fix="export the policy again, or install the version of the task pack that it was exported with",
        )
    joints = tuple(described["joint_names"])
    return RobotModel(
        name=name,
        xml=xml,
        folder=folder,
        free_base=described["free_base"],
        joint_names=joints,
        link_names=tuple(described["link_names"]),
        default_joint_pos=np.array(described["default_joint_positions"]),
        gravity_compensation=described["gravity_compensation"],
        drives=tuple(_read_drive(drive, joints) for drive in described["actuators"].values()),
        sensors={key: about for key, about in deployment["sensors"].items() if about["entity"] == name},
    )


def _read_drive(described: dict[str, Any], joints: tuple[str, ...]) -> Drive:
    count = len(described["joint_names"])
    return Drive(
        model=described["model"],
        joints=np.array([joints.index(name) for name in described["joint_names"]], dtype=int),
        sampled=described["sampled"],
        stiffness=np.array(described["stiffness"]),
        damping=np.array(described["damping"]),
        effort_limit=_limits(described["effort_limit"]),
        armature=_optional(described["armature"]),
        friction_loss=_optional(described["friction_loss"]),
        velocity_limit=_limits(described.get("velocity_limit", [None] * count)),
        saturation_effort=_limits(described.get("saturation_effort", [None] * count)),
    )


def _optional(values: list[float] | None) -> np.ndarray | None:
    return None if values is None else np.array(values)


def _limits(values: list[float | None]) -> np.ndarray:
    return np.array([np.inf if value is None else value for value in values])
