"""The program that a robot runs: observations from its state, the exported network, targets for its joints.

It is built from the metadata of the exported file alone and uses nothing of the training environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from genelab.plugins.catalog import get_catalog
from genelab.sim2sim.lag import Lag
from genelab.sim2sim.robot_state import RobotState
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.references import current

Compute = Callable[[RobotState], np.ndarray]


class ObservationBuilder:
    """One group: its terms side by side, delayed, stacked over time.

    Args:
        described: The metadata's `obs_groups` entry.
        terms: Function of each term, in order.
        latency: Inclusive range of the age of each term, control steps.
        num_envs: Number of robots.
        random: Draws the ages.
    """

    def __init__(
        self,
        described: Mapping[str, Any],
        terms: Mapping[str, Compute],
        latency: Mapping[str, tuple[int, int]],
        num_envs: int,
        random: np.random.Generator,
    ) -> None:
        self._terms, self._dims = terms, {term["name"]: term["dim"] for term in described["terms"]}
        self._lags = {
            name: Lag(lags, num_envs, self._dims[name], random) for name, lags in latency.items() if lags != (0, 0)
        }
        self._history = np.zeros((num_envs, described["history_length"], sum(self._dims.values())))

    def observe(self, robot: RobotState, restarted: np.ndarray) -> np.ndarray:
        """Return the raw observation `(num_envs, dim)`; the past of the robots in `restarted` is the present."""
        parts = []
        for name, compute in self._terms.items():
            value = np.asarray(compute(robot), dtype=float)
            if value.shape != (len(restarted), self._dims[name]):
                raise GenelabError(
                    f"observation {name!r} has shape {value.shape}",
                    fix=f"its kind must return {(len(restarted), self._dims[name])}, as the metadata says",
                )
            if name in self._lags:
                self._lags[name].push(value)
                self._lags[name].restart(restarted, value)
                value = self._lags[name].read()
            parts.append(value)
        frame = np.concatenate(parts, axis=1)
        self._history = np.concatenate((self._history[:, 1:], frame[:, None]), axis=1)
        self._history[restarted] = frame[restarted, None]
        return self._history.reshape(len(frame), -1)


class Controller:
    """Computes observations and joint targets of `num_envs` robots; the network between them runs elsewhere.

    Args:
        metadata: Content of the exported file's metadata.
        num_envs: Number of robots.
        seed: Of the ages of observations and actions, where the metadata gives ranges.

    Raises:
        UsageError: for observations or action terms that are not known here, naming them.
    """

    def __init__(self, metadata: Mapping[str, Any], num_envs: int, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        described = metadata["deployment"]["observations"]
        kinds = _find_kinds(described)
        self._groups = {
            name: ObservationBuilder(
                group,
                {term["name"]: kinds[name][term["name"]] for term in group["terms"]},
                {term: tuple(about["latency"]) for term, about in described[name].items()},
                num_envs,
                random,
            )
            for name, group in metadata["obs_groups"].items()
        }
        self._actions = _read_actions(metadata["actuation"])
        delay = tuple(metadata["deployment"]["action"]["delay"])
        self._delay = None if delay == (0, 0) else Lag(delay, num_envs, metadata["action_dim"], random)
        self.last_action = np.zeros((num_envs, metadata["action_dim"]))
        self.step = np.zeros(num_envs, dtype=int)

    def restart(self, mask: np.ndarray) -> None:
        """Begin an episode of the robots in `mask`, bool `(num_envs,)`."""
        self.last_action[mask] = 0.0
        self.step[mask] = 0
        if self._delay is not None:
            self._delay.restart(mask, np.zeros_like(self.last_action))

    def observe(self, robot: RobotState, restarted: np.ndarray) -> dict[str, np.ndarray]:
        """Return raw observations by group, `(num_envs, dim)`.

        Args:
            robot: The present state.
            restarted: Robots whose episode has just begun, bool `(num_envs,)`.
        """
        return {name: group.observe(robot, restarted) for name, group in self._groups.items()}

    def targets(self, actions: np.ndarray, robot: RobotState) -> np.ndarray:
        """Return the target of each joint, `(num_envs, num_joints)`, and remember the action.

        Args:
            actions: What the network returned, `(num_envs, action_dim)`.
            robot: The state that was observed; joints without an action get their default.
        """
        self.last_action = np.array(actions, dtype=float)
        self.step += 1
        applied = self.last_action if self._delay is None else self._delay.push(self.last_action)
        targets = np.tile(robot.default_joint_pos, (len(applied), 1))
        for term in self._actions:
            offset = term.offset if term.around is None else robot.command(term.around)[:, term.joints]
            targets[:, term.joints] = offset + term.scale * applied[:, term.columns]
        return targets


@dataclass(frozen=True)
class _JointAction:
    """One action term: target = offset + scale · action.

    Attributes:
        columns: Its elements of the action.
        joints: Indices of its joints.
        scale: One factor a joint.
        offset: What it counts from.
        around: Name of a command that begins with what it counts from instead, one element per joint of the robot.
    """

    columns: slice
    joints: list[int]
    scale: np.ndarray
    offset: np.ndarray
    around: str | None


def _read_actions(actuation: Mapping[str, Any]) -> list[_JointAction]:
    """Return the action terms.

    Raises:
        UsageError: for a term that is not a joint action.
    """
    read = []
    for term in actuation["action_terms"]:
        if term["type"] != "JointAction":
            raise UsageError(
                f"sim2sim does not know the action term {term['name']!r} ({term['type']})",
                fix="known: joint position, velocity and effort actions (JointAction)",
            )
        names = actuation["robots"][term["entity"]]["joint_names"]
        columns = slice(term["start"], term["start"] + term["dim"])
        joints = [names.index(name) for name in term["joint_names"]]
        around = term.get("around")  # written only where an action counts from a command
        read.append(_JointAction(columns, joints, np.array(term["scale"]), np.array(term["offset"]), around))
    return read


def _find_kinds(observations: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Compute]]:
    """Return the function of each term, by group and name.

    Args:
        observations: The metadata's `deployment.observations`: by group and term `kind` and `params`.

    Raises:
        UsageError: naming every term whose kind no plugin registered.
    """
    catalog = get_catalog()
    by_kind = {spec.kind: spec for spec in catalog.observation_kinds.values()}
    unknown = [
        f"{name} ({term['kind']})"
        for terms in observations.values()
        for name, term in terms.items()
        if current(term["kind"]) not in by_kind
    ]
    if unknown:
        raise UsageError(
            f"sim2sim cannot compute {', '.join(dict.fromkeys(unknown))}: no plugin says how to, from a robot's state",
            where="observations",
            fix="provide an ObservationKindSpec through the hook genelab_observation_kinds of a plugin",
        )

    def function(term: Mapping[str, Any]) -> Compute:
        spec = by_kind[current(term["kind"])]
        return partial(catalog.load(spec, spec.compute), **term["params"])

    return {group: {name: function(term) for name, term in terms.items()} for group, terms in observations.items()}
