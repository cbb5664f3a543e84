"""What stands in the scene: articulations, rigid objects, ground, cameras."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from genelab.config.base import NonNegative, PerJoint, Quaternion, Share, TextOrFunctionRef, Vector3, configclass
from genelab.config.sensor import SensorCfg
from genelab.config.terrain import TerrainCfg


@configclass
class ActuatorCfg:
    """A group of joints driven by one model. Groups must partition the joints of an articulation.

    Values given per joint are tables from name patterns (full regular expressions) to values; the last match wins.

    Attributes:
        joints: Name patterns of the driven joints.
        effort_limit: Largest |torque| (N m) or |force| (N); `None` for no limit.
        armature: Reflected rotor inertia, kg m²; `None` keeps the model file's value.
        friction_loss: Dry friction, N m or N; `None` keeps the model file's value.
        action_scale: What one unit of action means to a joint action term, in rad, m, rad/s or m/s.
        needs_fresh_state: Whether the model computes torques itself, before every physics tick.
    """

    needs_fresh_state: ClassVar[bool] = False

    joints: tuple[str, ...]
    effort_limit: PerJoint | None = None
    armature: PerJoint | None = None
    friction_loss: PerJoint | None = None
    action_scale: PerJoint = 1.0

    def build(self, names: tuple[str, ...], num_envs: int, device: Any) -> object:
        """Return the `genelab.actuators.actuator.Actuator` of the joints `names`."""
        raise NotImplementedError(f"{type(self).__name__} does not define build()")


@configclass
class ArticulationCfg:
    """A jointed robot from an MJCF file.

    Attributes:
        mjcf: Path of the file, or a function without arguments that returns a path or the XML itself.
        init_pos: Position of the base at reset, m. Only for a free base.
        init_quat: Orientation of the base at reset, (w, x, y, z). Only for a free base.
        joint_pos: Default joint positions by name pattern, rad or m; 0 where nothing matches.
        actuators: Actuator groups. Every joint belongs to exactly one.
        gravity_compensation: Share of its own weight that the robot's controller cancels; 1 for arms that hold still
            without a target.
    """

    mjcf: TextOrFunctionRef
    init_pos: Vector3 = (0.0, 0.0, 0.0)
    init_quat: Quaternion = (1.0, 0.0, 0.0, 0.0)
    joint_pos: dict[str, float] = Field(default_factory=dict)
    actuators: dict[str, ActuatorCfg] = Field(default_factory=dict)
    gravity_compensation: Share = 0.0


@configclass
class RigidObjectCfg:
    """A free rigid body from an MJCF file or XML with a single free body."""

    mjcf: TextOrFunctionRef
    init_pos: Vector3 = (0.0, 0.0, 0.0)
    init_quat: Quaternion = (1.0, 0.0, 0.0, 0.0)


@configclass
class GroundCfg:
    """A flat ground plane at z = `height` (m)."""

    height: float = 0.0
    friction: NonNegative = 1.0
    collision: bool = True


@configclass
class CameraCfg:
    """Where videos are taken from. With `follow`, position and look-at point are relative to that entity's base."""

    resolution: tuple[int, int] = (640, 480)
    position: Vector3 = (2.5, -2.5, 1.5)
    lookat: Vector3 = (0.0, 0.0, 0.5)
    fov: float = 40.0
    follow: str | None = None


@configclass
class SceneCfg:
    """What stands there, and what is measured. Envs are copies; they never touch each other.

    Attributes:
        entities: By the name that terms use for them.
        ground: A plane; not built where there is a terrain.
        terrain: Uneven ground, shared by all envs.
        sensors: By the name that terms use for them.
    """

    entities: dict[str, ArticulationCfg | RigidObjectCfg] = Field(default_factory=dict)
    ground: GroundCfg | None = Field(default_factory=GroundCfg)
    terrain: TerrainCfg | None = None
    sensors: dict[str, SensorCfg] = Field(default_factory=dict)
    camera: CameraCfg = Field(default_factory=CameraCfg)
