"""The exported policy with its controller, in the form in which every policy is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch

from genelab.export.policy import ExportedPolicy
from genelab.managers.command_script import CommandScript
from genelab.sim2sim.checks import TermDifferences
from genelab.sim2sim.controller import Controller
from genelab.sim2sim.referee import Referee
from genelab.sim2sim.robot_state import read_state
from genelab.sim2sim.scene import EngineScene

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation


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
