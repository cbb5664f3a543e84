"""Builds the MuJoCo model of a robot from its MJCF and the metadata.

Genesis ignores `option`, `actuator`, `sensor`, `keyframe` and contact `pair` elements of a model file, so they are
removed here. A contact or limit whose softness the file does not state gets the metadata's time constant.
"""

from __future__ import annotations

import importlib
import os
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genelab.sim2sim.description import Camera, Drive, Physics, RobotModel
from genelab.sim2sim.drives import SAMPLED
from genelab.utils.errors import GenelabError, first_line

GROUND = "genelab_ground"
_IGNORED = ("option", "actuator", "sensor", "keyframe")
_SOFTNESS = {"geom": ("solref",), "joint": ("solreflimit", "solreffriction"), "equality": ("solref",)}
_FOLDERS = ("assetdir", "meshdir", "texturedir")
_ALL_BITS = 2**31 - 1


def _import_mujoco() -> Any:
    if sys.platform == "linux" and "DISPLAY" not in os.environ:
        os.environ.setdefault("MUJOCO_GL", "egl")  # mujoco reads it when it is imported
    try:
        return importlib.import_module("mujoco")
    except ImportError as error:
        what = f"the engine mujoco needs MuJoCo: {first_line(error)}"
        raise GenelabError(what, fix="pip install 'genelab-core[sim2sim]'") from error


mujoco: Any = _import_mujoco()  # a binary module, of whose names type checkers know nothing


def build_model(robot: RobotModel, physics: Physics, camera: Camera) -> Any:
    """Return the compiled `mujoco.MjModel`; its actuators are `drive_joints(robot)`, in that order.

    Raises:
        GenelabError: if MuJoCo cannot compile it.
    """
    try:
        spec = mujoco.MjSpec.from_string(_prepared(robot, physics))
        _set_options(spec, physics)
        _set_collisions(spec, physics)
        _set_joints(spec, robot)
        _add_ground(spec, physics)
        _set_looks(spec, camera)
        return spec.compile()
    except (ValueError, mujoco.FatalError) as error:
        raise GenelabError(f"MuJoCo cannot load the model of {robot.name!r}: {first_line(error)}") from error


def drive_joints(robot: RobotModel) -> Iterator[tuple[Drive, int, int]]:
    """Yield (drive, position in the drive, index of the joint) for every joint that can be driven."""
    for drive in robot.drives:
        for position, joint in enumerate(drive.joints):
            if drive.model == "effort" or drive.stiffness[position] or drive.damping[position]:
                yield drive, position, int(joint)


def _prepared(robot: RobotModel, physics: Physics) -> str:
    """Return the MJCF without what Genesis does not read, with absolute paths and the default softness."""
    root = ElementTree.fromstring(robot.xml)
    for tag in _IGNORED:
        for element in root.findall(tag):
            root.remove(element)
    for contact in root.findall("contact"):
        for pair in contact.findall("pair"):
            contact.remove(pair)
    if robot.folder is not None:
        compiler = _child(root, "compiler")
        for name in _FOLDERS:
            compiler.set(name, str(Path(robot.folder) / compiler.get(name, "")))
        for include in root.iter("include"):
            include.set("file", str(Path(robot.folder) / include.attrib["file"]))
    default = _child(root, "default")
    timeconst = max(physics.constraint_timeconst, 2.0 * physics.dt / physics.substeps)
    for tag, names in _SOFTNESS.items():
        group = _child(default, tag)
        for name in names:
            group.attrib.setdefault(name, f"{timeconst:.9g} 1")
    return ElementTree.tostring(root, encoding="unicode")


def _child(parent: ElementTree.Element, tag: str) -> ElementTree.Element:
    found = parent.find(tag)
    return ElementTree.SubElement(parent, tag) if found is None else found


def _set_options(spec: Any, physics: Physics) -> None:
    option, disable = spec.option, mujoco.mjtDisableBit
    option.timestep = physics.dt / physics.substeps
    option.gravity = physics.gravity
    euler = physics.integrator == "Euler"
    option.integrator = mujoco.mjtIntegrator.mjINT_EULER if euler else mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    flags = disable.mjDSBL_AUTORESET  # a broken copy is found and reported, not reset unseen
    if not physics.collision:
        flags |= disable.mjDSBL_CONTACT
    if not physics.joint_limit:
        flags |= disable.mjDSBL_LIMIT
    option.disableflags |= int(flags)


def _set_collisions(spec: Any, physics: Physics) -> None:
    """Without self-collision the robot's shapes touch the ground only; shapes that touch nothing stay so."""
    for geom in spec.geoms:
        if not physics.self_collision and (geom.contype or geom.conaffinity):
            geom.contype, geom.conaffinity = 1, 0


def _set_joints(spec: Any, robot: RobotModel) -> None:
    joints = {joint.name: joint for joint in spec.joints}
    missing = [name for name in robot.joint_names if name not in joints]
    if missing:
        raise GenelabError(f"the model of {robot.name!r} has no joint {missing[0]!r}")
    if robot.gravity_compensation:
        for body in spec.bodies:
            body.gravcomp = robot.gravity_compensation
    for drive in robot.drives:
        for position, index in enumerate(drive.joints):
            joint = joints[robot.joint_names[index]]
            joint.actfrclimited = mujoco.mjtLimited.mjLIMITED_FALSE  # the drive's own limit holds
            if drive.armature is not None:
                joint.armature = drive.armature[position]
            if drive.friction_loss is not None:
                joint.frictionloss = drive.friction_loss[position]
    for drive, position, index in drive_joints(robot):
        _add_actuator(spec, drive, position, robot.joint_names[index])


def _add_actuator(spec: Any, drive: Drive, position: int, joint: str) -> None:
    kp, kv, limit = drive.stiffness[position], drive.damping[position], drive.effort_limit[position]
    actuator = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    actuator.gaintype, actuator.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_AFFINE
    actuator.ctrllimited = mujoco.mjtLimited.mjLIMITED_FALSE
    gain, bias = np.zeros(10), np.zeros(10)
    if drive.model in SAMPLED:
        gain[0] = 1.0
    elif drive.model == "implicit_velocity":
        gain[0], bias[2] = kv, -kv
    else:
        gain[0], bias[1], bias[2] = kp, -kp, -kv
    actuator.gainprm, actuator.biasprm = gain, bias
    if np.isfinite(limit):
        actuator.forcelimited, actuator.forcerange = mujoco.mjtLimited.mjLIMITED_TRUE, [-limit, limit]


def _add_ground(spec: Any, physics: Physics) -> None:
    touchable = physics.ground_height is not None
    texture = spec.add_texture(
        name=GROUND,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=[0.58, 0.62, 0.66],
        rgb2=[0.50, 0.54, 0.58],
        width=256,
        height=256,
    )
    material = spec.add_material(name=GROUND, texrepeat=[1.0, 1.0], texuniform=True)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = texture.name
    timeconst = max(physics.constraint_timeconst, 2.0 * physics.dt / physics.substeps)
    ground = spec.worldbody.add_geom(
        name=GROUND,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0.0, 0.0, 1.0],
        pos=[0.0, 0.0, physics.ground_height if touchable else 0.0],
        material=GROUND,
        solref=[timeconst, 1.0],
    )
    ground.friction[0] = physics.ground_friction
    ground.contype = ground.conaffinity = _ALL_BITS if touchable else 0
    if not physics.self_collision:
        ground.contype = 0


def _set_looks(spec: Any, camera: Camera) -> None:
    width, height = camera.resolution
    looks = spec.visual
    looks.global_.offwidth, looks.global_.offheight = max(width, 640), max(height, 480)
    looks.global_.fovy = camera.fov
    looks.headlight.ambient, looks.headlight.diffuse = [0.45] * 3, [0.4] * 3
    spec.add_texture(
        name="genelab_sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.75, 0.83, 0.92],
        rgb2=[0.55, 0.65, 0.80],
        width=256,
        height=256,
    )
    spec.worldbody.add_light(pos=[0.0, 0.0, 6.0], dir=[0.2, 0.3, -1.0], diffuse=[0.5, 0.5, 0.5], castshadow=False)
