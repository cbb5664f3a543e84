"""Evaluates an exported policy in another simulator, with its own controller and with the task as referee."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from genelab.api import MetricSpec
from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.export.policy import ExportedPolicy
from genelab.managers.command_script import CommandScript
from genelab.runs.arena import Arena
from genelab.sim2sim.checks import TermDifferences, description_differences
from genelab.sim2sim.controller import Controller
from genelab.sim2sim.documents import Checks
from genelab.sim2sim.engine import Engine
from genelab.sim2sim.referee import Referee
from genelab.sim2sim.robot_state import read_state
from genelab.sim2sim.scene import EngineScene

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation

TOLERANCE = 1e-3
"""A larger difference between controller and environment gives a warning; float32 alone causes about 1e-5."""


class DeployedPolicy:
    """A `genelab.rl.policy.Policy` that looks at the robot, not at the environment's observations.

    Args:
        network: The exported file.
        controller: Made from its metadata.
        scene: The robot, which takes the joint targets.
        referee: Gives commands.
        script: Commands to give instead of those that the task draws.

    Attributes:
        deployment: What the metadata says of the robot and its physics.
        differences: Between the controller's observations and the environment's.
    """

    kind = "export"

    def __init__(
        self,
        network: ExportedPolicy,
        controller: Controller,
        scene: EngineScene,
        referee: Referee,
        script: CommandScript | None = None,
    ) -> None:
        self._network, self._controller, self._scene, self._referee = network, controller, scene, referee
        self._script = script
        self.recurrent = network.recurrent
        self.deployment = network.artifact.metadata["deployment"]
        self.differences = TermDifferences(network.artifact.metadata["obs_groups"])
        self._restarted = np.ones(scene.num_envs, dtype=bool)
        self._uncheckable(network.artifact.metadata["deployment"]["observations"])

    def _uncheckable(self, observations: Mapping[str, Mapping]) -> None:
        """Leave out of the check what the environment cannot compute here, or for which it draws its own numbers."""
        for group, terms in observations.items():
            for name, term in terms.items():
                low, high = term["latency"]
                scripted = self._script is not None and "command" in term["kind"].rpartition(":")[2]
                if low != high or scripted or group not in self._referee.observation_layout.groups:
                    self.differences.forget(f"{group}.{name}")

    def __call__(self, observations: Observation) -> torch.Tensor:
        controller, referee = self._controller, self._referee
        if self._script is not None:
            self._script.give(referee.command_manager, controller.step, referee.step_dt)
        commands = {name: term.command.double().numpy() for name, term in referee.command_manager.terms.items()}
        robot = read_state(self._scene.engine, commands, controller.last_action, controller.step)
        own = controller.observe(robot, self._restarted)
        self._restarted = np.zeros_like(self._restarted)
        self.differences.note(own, {name: value.double().numpy() for name, value in observations.items()})
        actions = self._network({name: torch.from_numpy(value).float() for name, value in own.items()})
        self._scene.targets = controller.targets(actions.numpy(), robot)
        return actions

    def reset(self, done: torch.Tensor | None = None) -> None:
        self._network.reset(done)
        mask = np.ones_like(self._restarted) if done is None else done.numpy()
        self._controller.restart(mask)
        self._restarted |= mask


class EngineArena(Arena):
    """Evaluates one exported policy in an engine.

    Args:
        cfg: The environment, as `measured_config` returns it.
        specs: The plugin metrics.
        network: The exported file.
        build: Makes an engine with that many robots.
        num_envs: Robots side by side.
        seed: Of the ages of delayed observations and actions.
        script: Commands to give instead of those that the task draws.
    """

    def __init__(
        self,
        cfg: ManagerBasedRlEnvCfg,
        specs: Sequence[MetricSpec],
        network: ExportedPolicy,
        build: Callable[[int], Engine],
        *,
        num_envs: int,
        seed: int,
        script: CommandScript | None = None,
    ) -> None:
        began = time.perf_counter()
        controller = Controller(network.artifact.metadata, num_envs, seed)
        self.engine = build(num_envs)
        self.scene = EngineScene(cfg, self.engine)
        self.referee = Referee(cfg, self.scene, network.artifact.obs_groups)
        self.policy = DeployedPolicy(network, controller, self.scene, self.referee, script)
        super().__init__(self.referee, cfg, specs, time.perf_counter() - began)

    def checks(self) -> Checks:
        """Return how far the controller was from the environment, and what could not be measured."""
        return Checks(self.policy.differences.largest, self.scene.target_difference, self.referee.left_out)

    def warnings(self) -> list[str]:
        """Return one line for each reason other than physics why the numbers may differ from Genesis'."""
        lines = [
            f"the controller's observation {term} differs from the environment's by up to {largest:.2g}"
            for term, largest in self.policy.differences.largest.items()
            if largest > TOLERANCE
        ]
        if self.scene.target_difference > TOLERANCE:
            lines.append(
                f"the controller's joint targets differ from the task's by up to "
                f"{self.scene.target_difference:.2g}: has the task changed since the export?"
            )
        exported = self.policy.deployment
        today = {name: value for name, value in self.referee.describe_deployment().items() if name in exported}
        lines += [f"the task has changed: {line}" for line in description_differences(exported, today)]
        return lines + [f"{term} is left out: it {reason}" for term, reason in self.referee.left_out.items()]
