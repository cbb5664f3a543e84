"""What a robot knows of itself and is told: the argument of every observation kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genelab.sim2sim.engine import Engine, LinkStates
from genelab.utils.joint_tables import match_names
from genelab.utils.names import unknown_name


@dataclass(frozen=True)
class RobotState:
    """The state of `num_envs` copies of one robot at one control step.

    Attributes:
        joint_names: Order of the joints.
        link_names: Order of the links; the first moving one is the base.
        default_joint_pos: rad or m, `(num_joints,)`.
        joint_pos: rad or m, `(num_envs, num_joints)`.
        joint_vel: rad/s or m/s, `(num_envs, num_joints)`.
        links: Poses and velocities of the links.
        gravity: m/s², `(3,)`.
        ground_height: Height of the ground, m.
        sensors: The metadata's sensors, by name.
        commands: What the operator asks for, by name, `(num_envs, dim)`.
        last_action: The action before, `(num_envs, action_dim)`; zero at the start of an episode.
        step: Control steps since the start of the episode, `(num_envs,)`.
        engine: What simulates it, for quantities that are read only when a term asks.
    """

    joint_names: Sequence[str]
    link_names: Sequence[str]
    default_joint_pos: np.ndarray
    joint_pos: np.ndarray
    joint_vel: np.ndarray
    links: LinkStates
    gravity: np.ndarray
    ground_height: float
    sensors: Mapping[str, Mapping[str, Any]]
    commands: Mapping[str, np.ndarray]
    last_action: np.ndarray
    step: np.ndarray
    engine: Engine

    @property
    def contact_force(self) -> np.ndarray:
        """Net contact force on each link in the last tick, world frame, N, `(num_envs, num_links, 3)`."""
        return self.engine.contact_forces()

    def joint_ids(self, asset: Mapping[str, Any]) -> list[int]:
        """Return the indices of the joints that a parameter of a term names."""
        return [self.joint_names.index(name) for name in asset["joints"]]

    def link_ids(self, asset: Mapping[str, Any]) -> list[int]:
        """Return the indices of the links that a parameter of a term names."""
        return [self.link_names.index(name) for name in asset["links"]]

    def links_of(self, sensor: str) -> list[int]:
        """Return the indices of the links that a sensor sits on, the base's if it names none."""
        described = self.sensors[sensor]
        patterns = described["links"] if "links" in described else [described["link"] or re.escape(self.link_names[0])]
        return match_names(patterns, self.link_names, "link")

    def command(self, name: str) -> np.ndarray:
        """Return the present value of a command, `(num_envs, dim)`."""
        if name not in self.commands:
            raise unknown_name("command", name, self.commands)
        return self.commands[name]


def read_state(
    engine: Engine, commands: Mapping[str, np.ndarray], last_action: np.ndarray, step: np.ndarray
) -> RobotState:
    """Return the state of an engine's robots."""
    robot = engine.robot
    first = 7 if robot.free_base else 0
    return RobotState(
        joint_names=robot.joint_names,
        link_names=robot.link_names,
        default_joint_pos=robot.default_joint_pos,
        joint_pos=engine.qpos[:, first:],
        joint_vel=engine.qvel[:, first - 1 if robot.free_base else 0 :],
        links=engine.links(),
        gravity=engine.physics.gravity,
        ground_height=engine.physics.ground_height or 0.0,
        sensors=robot.sensors,
        commands=commands,
        last_action=last_action,
        step=step,
        engine=engine,
    )


def rotate(quat: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Rotate vectors `(..., 3)` by unit quaternions (w, x, y, z): out of the body frame."""
    return rotate_inverse(quat * [1.0, -1.0, -1.0, -1.0], vector)


def rotate_inverse(quat: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Rotate vectors `(..., 3)` by the inverse of unit quaternions (w, x, y, z): into the body frame."""
    scalar, axis = quat[..., :1], quat[..., 1:]
    twice = 2.0 * np.cross(axis, vector)
    return vector - scalar * twice + np.cross(axis, twice)


def multiply(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the rotation `second` followed by `first`, unit quaternions (w, x, y, z), `(..., 4)` each."""
    scalar = first[..., :1] * second[..., :1] - np.sum(first[..., 1:] * second[..., 1:], axis=-1, keepdims=True)
    axis = first[..., :1] * second[..., 1:] + second[..., :1] * first[..., 1:]
    return np.concatenate((scalar, axis + np.cross(first[..., 1:], second[..., 1:])), axis=-1)
