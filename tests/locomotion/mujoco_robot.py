"""A robot of the pack in plain MuJoCo: the second opinion on its physics in Genesis."""

from __future__ import annotations

import mujoco
import numpy as np

from genelab.config.scene import ActuatorCfg
from genelab.utils.joint_tables import match_names, per_joint
from genelab_tasks_locomotion.robots import LeggedRobot


class MujocoRobot:
    """The same MJCF on a plane, without contacts between its own links, its servos as MuJoCo actuators."""

    def __init__(self, robot: LeggedRobot, dt: float) -> None:
        self.robot, self.cfg = robot, robot.articulation()
        model = str(self.cfg.mjcf())
        spec = mujoco.MjSpec.from_string(model) if model.startswith("<") else mujoco.MjSpec.from_file(model)
        for geom in spec.geoms:
            geom.conaffinity = 0
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], contype=1, conaffinity=1)
        joints = [joint.name for joint in spec.joints if joint.type != mujoco.mjtJoint.mjJNT_FREE]
        for group in self.cfg.actuators.values():
            self._add_actuators(spec, group, [joints[i] for i in match_names(group.joints, joints, "joint")])
        spec.option.timestep = dt
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.joint_names = tuple(joints)
        self.default_joint_pos = np.array(per_joint(self.cfg.joint_pos, joints, 0.0, "joint_pos"))
        # Actuators stand in the order of the groups, targets in that of the joints.
        self._control = [joints.index(self.model.actuator(i).name) for i in range(self.model.nu)]
        self._wheels = match_names((".*_wheel_joint",), joints, "joint") if "wheels" in self.cfg.actuators else []
        self.reset(self.default_joint_pos)

    def _add_actuators(self, spec: mujoco.MjSpec, group: ActuatorCfg, names: list[str]) -> None:
        stiffness = getattr(group, "stiffness", 0.0)  # a velocity servo has none
        kp, kv = (per_joint(table, names, 0.0, "gains") for table in (stiffness, group.damping))
        for name, p, v, limit in zip(names, kp, kv, per_joint(group.effort_limit, names, 0.0, "effort"), strict=True):
            actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
            actuator.gaintype, actuator.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_AFFINE
            actuator.gainprm[0] = p if p else v
            actuator.biasprm[:3] = [0.0, -p, -v]
            actuator.forcerange, actuator.forcelimited = [-limit, limit], True

    def reset(self, joint_pos: np.ndarray, root_pos: tuple[float, float, float] | None = None) -> None:
        """Place the robot upright at rest, at its initial position if none is given."""
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:3] = self.cfg.init_pos if root_pos is None else root_pos
        self.data.qpos[7:] = joint_pos
        mujoco.mj_forward(self.model, self.data)

    def step(self, target: np.ndarray, ticks: int) -> None:
        """Hold the targets, in the order of the joints, for some ticks: wheels get speeds, the other joints angles."""
        self.data.ctrl[:] = target[self._control]
        mujoco.mj_step(self.model, self.data, nstep=ticks)

    @property
    def hold(self) -> np.ndarray:
        """The targets of standing still."""
        target = self.default_joint_pos.copy()
        target[self._wheels] = 0.0
        return target

    def mass_matrix(self) -> np.ndarray:
        """Return the inertia of all degrees of freedom in this pose, rotors included, `(nv, nv)`."""
        matrix = np.zeros((self.model.nv, self.model.nv))
        mujoco.mj_fullM(self.model, self.data, matrix)
        return matrix

    def feet(self) -> np.ndarray:
        """Return where the feet are in the world, m, `(num_feet, 3)`."""
        positions = []
        for link, offset in self.robot.feet.items():
            body = self.data.body(link)
            positions.append(body.xpos + body.xmat.reshape(3, 3) @ np.array(offset))
        return np.array(positions)

    def foot_forces(self) -> np.ndarray:
        """Return the vertical force of the ground on the links that carry the feet, N, `(num_feet,)`."""
        forces = dict.fromkeys((self.model.body(link).id for link in self.robot.feet), 0.0)
        wrench = np.zeros(6)
        for index in range(self.data.ncon):
            contact = self.data.contact[index]
            for geom, sign in ((contact.geom1, -1.0), (contact.geom2, 1.0)):
                body = self.model.geom_bodyid[geom]
                if body in forces:
                    mujoco.mj_contactForce(self.model, self.data, index, wrench)
                    forces[body] += sign * float(contact.frame[[2, 5, 8]] @ wrench[:3])
        return np.array(list(forces.values()))
