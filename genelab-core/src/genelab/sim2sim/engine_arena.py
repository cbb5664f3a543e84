"""An arena in another simulator: an exported policy, its robot in an engine, and the task as referee."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from genelab.api import MetricSpec
from genelab.runs.arena import Arena
from genelab.sim2sim.checks import description_differences
from genelab.sim2sim.controller import Controller
from genelab.sim2sim.deployed import DeployedPolicy
from genelab.sim2sim.referee import Referee
from genelab.sim2sim.scene import EngineScene

if TYPE_CHECKING:
    from genelab.config.env import ManagerBasedRlEnvCfg
    from genelab.export.policy import ExportedPolicy
    from genelab.managers.command_script import CommandScript
    from genelab.sim2sim.engine import Engine

TOLERANCE = 1e-3
"""A larger difference between controller and environment gives a warning; float32 alone causes about 1e-5."""


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

    def checks(self) -> dict[str, Any]:
        """Return how far the controller was from the environment, and what could not be measured."""
        return {
            "observations": self.policy.differences.largest,
            "targets": self.scene.target_difference,
            "left_out": self.referee.left_out,
        }

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
