"""Inverse kinematics of a robot that stands: root and legs from feet, centre of mass, height and heading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genelab.utils.errors import GenelabError
from genelab_tasks_locomotion.motion.robot_model import RobotModel, mujoco

DAMPING = 1e-3
TOLERANCE = 1e-5
MOST_STEPS = 100
LONGEST_STEP = 0.2


@dataclass(frozen=True)
class Stance:
    """What one frame asks for.

    Attributes:
        feet_pos: Origins of the feet's links, `(num_feet, 3)`, m.
        feet_quat: `(num_feet, 4)`, (w, x, y, z).
        com: Centre of mass in the plane, `(2,)`, m.
        root_height: m.
        root_quat: `(4,)`.
    """

    feet_pos: np.ndarray
    feet_quat: np.ndarray
    com: np.ndarray
    root_height: float
    root_quat: np.ndarray


class StanceSolver:
    """Damped least squares on MuJoCo's Jacobians; joints above the legs are given.

    For a humanoid with six joints a leg there are as many equations as unknowns: 6 a foot, 2 + 1 + 3 for the body.

    Args:
        model: The robot, whose `data` is used.
    """

    def __init__(self, model: RobotModel) -> None:
        self._model = model
        self._feet = [model.model.body(foot).id for foot in model.robot.feet]
        self.legs = sorted(joint for foot in self._feet for joint in self._joints_above(foot))
        self._free = np.array([*range(6), *(6 + joint for joint in self.legs)])
        self._root = model.model.body(model.body_names[0]).id

    def _joints_above(self, body: int) -> list[int]:
        """Return the joints between the root and a link, without the free one."""
        tree, found = self._model.model, []
        while body > 1:
            found += [int(tree.body_jntadr[body]) - 1 + i for i in range(int(tree.body_jntnum[body]))]
            body = int(tree.body_parentid[body])
        return found

    def solve(self, stance: Stance, qpos: np.ndarray, when: str) -> np.ndarray:
        """Return positions `(7 + num_joints,)` that hold a stance, beginning at `qpos`.

        Raises:
            GenelabError: if the robot cannot reach it; `when` says in which frame.
        """
        model, qpos, error = self._model.model, qpos.copy(), np.full(1, np.inf)
        for _ in range(MOST_STEPS):
            self._model.place(qpos[:3], qpos[3:7], qpos[7:])
            error, jacobian = self._equations(stance)
            if np.abs(error).max() < TOLERANCE:
                return qpos
            gram = jacobian @ jacobian.T + DAMPING**2 * np.eye(len(error))
            step = jacobian.T @ np.linalg.solve(gram, error)
            step *= min(1.0, LONGEST_STEP / np.abs(step).max())
            velocity = np.zeros(model.nv)
            velocity[self._free] = step
            mujoco.mj_integratePos(model, qpos, velocity, 1.0)
        raise GenelabError(
            f"the robot cannot reach this stance: {np.abs(error).max():.3g} m or rad are left",
            where=when,
            fix="lower the pelvis, shorten the steps, or widen the stance",
        )

    def _equations(self, stance: Stance) -> tuple[np.ndarray, np.ndarray]:
        """Return what is missing and its derivatives by the free coordinates, `(n,)` and `(n, num_free)`."""
        model, data = self._model.model, self._model.data
        errors, rows = [], []
        position, rotation = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        for index, body in enumerate(self._feet):
            mujoco.mj_jacBody(model, data, position, rotation, body)
            errors += [stance.feet_pos[index] - data.xpos[body], _turn(stance.feet_quat[index], data.xquat[body])]
            rows += [position[:, self._free].copy(), rotation[:, self._free].copy()]
        mujoco.mj_jacSubtreeCom(model, data, position, self._root)
        errors.append(stance.com - data.subtree_com[self._root, :2])
        rows.append(position[:2, self._free].copy())
        mujoco.mj_jacBody(model, data, position, rotation, self._root)
        errors += [
            np.array([stance.root_height - data.xpos[self._root, 2]]),
            _turn(stance.root_quat, data.xquat[self._root]),
        ]
        rows += [position[2:, self._free], rotation[:, self._free]]
        return np.concatenate(errors), np.concatenate(rows)


def _turn(target: np.ndarray, quat: np.ndarray) -> np.ndarray:
    """Return the rotation from `quat` to `target`, (w, x, y, z), as a vector in the world's axes, rad."""
    inverse, turn, vector = np.zeros(4), np.zeros(4), np.zeros(3)
    mujoco.mju_negQuat(inverse, quat)
    mujoco.mju_mulQuat(turn, target, inverse)
    mujoco.mju_quat2Vel(vector, turn, 1.0)
    return vector
