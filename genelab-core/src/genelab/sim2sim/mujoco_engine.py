"""Plain MuJoCo as an engine: one model, one `MjData` for each copy of the robot."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from genelab.sim2sim.description import Camera, Physics, RobotModel
from genelab.sim2sim.drives import SAMPLED, check_laws
from genelab.sim2sim.engine import Engine, LinkStates
from genelab.sim2sim.mujoco_model import build_model, drive_joints, mujoco
from genelab.utils.errors import GenelabError, first_line

_FAR = 1e10
"""A position or speed beyond this is a broken simulation, as in MuJoCo's own checks."""


class MujocoEngine(Engine):
    """Steps the copies one after the other, in double precision."""

    name = "mujoco"

    def __init__(self, robot: RobotModel, physics: Physics, num_envs: int, camera: Camera) -> None:
        super().__init__(robot, physics, num_envs, camera)
        check_laws(robot)
        self._model = model = build_model(robot, physics, camera)
        self._data = [mujoco.MjData(model) for _ in range(num_envs)]
        joints = [model.joint(name).id for name in robot.joint_names]
        base = [0] if robot.free_base else []
        if robot.free_base and model.jnt_type[0] != mujoco.mjtJoint.mjJNT_FREE:
            raise GenelabError(f"the model of {robot.name!r} has no free joint first")
        self._q = np.array([*(range(7) if base else ()), *(model.jnt_qposadr[joints])], dtype=int)
        self._v = np.array([*(range(6) if base else ()), *(model.jnt_dofadr[joints])], dtype=int)
        limited = model.jnt_limited[joints].astype(bool)[:, None]
        infinite = np.array([-np.inf, np.inf])
        self.joint_limits = np.where(limited, model.jnt_range[joints], infinite)
        self._links = np.array([self._body(name) for name in robot.link_names])
        self._driven = list(drive_joints(robot))
        self._driven_joints = np.array([joint for _, _, joint in self._driven], dtype=int)
        self._sampled = [
            (drive, np.array([i for i, (owner, _, _) in enumerate(self._driven) if owner is drive], dtype=int))
            for drive in robot.drives
            if drive.model in SAMPLED
        ]
        self._renderer: Any = None
        everyone = np.ones(num_envs, dtype=bool)
        self.write_state(np.tile(model.qpos0[self._q], (num_envs, 1)), np.zeros((num_envs, len(self._v))), everyone)

    def _body(self, name: str) -> int:
        found = mujoco.mj_name2id(self._model, mujoco.mjtObj.mjOBJ_BODY, name)
        if found < 0:
            raise GenelabError(f"the model of {self.robot.name!r} has no body {name!r}")
        return found

    @property
    def version(self) -> str:
        return mujoco.__version__

    @property
    def qpos(self) -> np.ndarray:
        return np.stack([data.qpos[self._q] for data in self._data])

    @property
    def qvel(self) -> np.ndarray:
        return np.stack([data.qvel[self._v] for data in self._data])

    def write_state(self, qpos: np.ndarray, qvel: np.ndarray, mask: np.ndarray) -> None:
        for row in np.flatnonzero(mask):
            data = self._data[row]
            mujoco.mj_resetData(self._model, data)
            data.qpos[self._q] = qpos[row]
            data.qvel[self._v] = qvel[row]
            self._refresh(data)

    def step(self, targets: np.ndarray, after_tick: Callable[[], None] | None = None) -> None:
        control = targets[:, self._driven_joints]
        physics = self.physics
        if not self._sampled and after_tick is None:
            self._advance(control, physics.decimation * physics.substeps)
        else:
            for _ in range(physics.decimation):
                self._sample(control, targets)
                self._advance(control, physics.substeps)
                if after_tick is not None:
                    after_tick()
        for data in self._data:
            self._refresh(data)

    def _sample(self, control: np.ndarray, targets: np.ndarray) -> None:
        """Compute the torques that hold for one tick."""
        if not self._sampled:
            return
        joints = len(self.robot.joint_names)
        pos, vel = self.qpos[:, -joints:], self.qvel[:, -joints:]
        for drive, columns in self._sampled:
            own = drive.joints
            effort = SAMPLED[drive.model](drive, targets[:, own], pos[:, own], vel[:, own])
            control[:, columns] = effort[:, [self._driven[column][1] for column in columns]]

    def _advance(self, control: np.ndarray, steps: int) -> None:
        for data, row in zip(self._data, control, strict=True):
            data.ctrl[:] = row
            mujoco.mj_step(self._model, data, steps)

    def _refresh(self, data: Any) -> None:
        """Compute link poses and velocities of the present state: MuJoCo leaves those of the tick before."""
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_comVel(self._model, data)

    def links(self) -> LinkStates:
        ids, roots = self._links, self._model.body_rootid[self._links]
        pos = np.stack([data.xpos[ids] for data in self._data])
        velocity = np.stack([data.cvel[ids] for data in self._data])
        centre = np.stack([data.subtree_com[roots] for data in self._data])
        ang_vel = velocity[..., :3]
        lin_vel = velocity[..., 3:] + np.cross(ang_vel, pos - centre)
        quat = np.stack([data.xquat[ids] for data in self._data])
        return LinkStates(pos, quat, lin_vel, ang_vel)

    def contact_forces(self) -> np.ndarray:
        forces = np.zeros((self.num_envs, len(self._links), 3))
        for row, data in enumerate(self._data):
            if data.ncon:
                mujoco.mj_rnePostConstraint(self._model, data)
                forces[row] = data.cfrc_ext[self._links, 3:]
        return forces

    def broken(self) -> np.ndarray:
        state = np.concatenate((self.qpos, self.qvel), axis=1)
        return np.any(~np.isfinite(state) | (np.abs(state) > _FAR), axis=1)

    def render(self, index: int) -> np.ndarray:
        width, height = self.camera.resolution
        if self._renderer is None:
            try:
                self._renderer = mujoco.Renderer(self._model, height, width)
            except (RuntimeError, ImportError, mujoco.FatalError) as error:
                raise GenelabError(
                    f"MuJoCo cannot draw here: {first_line(error)}",
                    fix="set MUJOCO_GL=egl or MUJOCO_GL=osmesa, and install libegl1 libegl-mesa0 libgl1-mesa-dri",
                ) from error
        data = self._data[index]
        mujoco.mj_camlight(self._model, data)
        self._renderer.update_scene(data, self._view(data.xpos[self._links[0]]))
        return self._renderer.render().copy()

    def _view(self, base: np.ndarray) -> Any:
        """Return MuJoCo's camera for the position and the look-at point of ours."""
        offset = base if self.camera.follow else np.zeros(3)
        lookat = np.array(self.camera.lookat) + offset
        ahead = lookat - (np.array(self.camera.position) + offset)
        distance = float(np.linalg.norm(ahead))
        view = mujoco.MjvCamera()
        view.lookat[:] = lookat
        view.distance = distance
        view.azimuth = math.degrees(math.atan2(ahead[1], ahead[0]))
        view.elevation = math.degrees(math.asin(ahead[2] / distance))
        return view

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
