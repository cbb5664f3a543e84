"""The task as referee in another simulator: it starts and ends episodes, gives commands and scores.

It does not drive: the robot acts on the targets that its own controller sets.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, TypeVar

import torch

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
from genelab.managers.action_manager import ActionManager
from genelab.managers.command_manager import CommandManager
from genelab.managers.term import make_term
from genelab.managers.termination_manager import TerminationManager
from genelab.sim2sim.scene import EngineScene, NotInEngine

T = TypeVar("T")


class Referee(ManagerBasedRlEnv):
    """The task's environment over an engine.

    Terms that need what the engine does not have are left out, and so is the whole group of such an observation.
    Without an observation the controller is checked less; without a termination or reward term the numbers change, so
    the caller must report it.

    Args:
        cfg: The environment's config, as it would be evaluated in Genesis; it is copied.
        scene: The robot in an engine.
        obs_groups: Groups that the policy reads.

    Attributes:
        left_out: By `"<kind>.<name>"`, why a term is left out.
    """

    def __init__(self, cfg: ManagerBasedRlEnvCfg, scene: EngineScene, obs_groups: tuple[str, ...]) -> None:
        cfg = deepcopy(cfg)
        cfg.simulation.num_envs = scene.num_envs
        cfg.observations = {name: cfg.observations[name] for name in obs_groups}
        self.left_out: dict[str, str] = {}
        super().__init__(cfg, scene=scene)

    def _make_managers(self) -> None:
        cfg = self.cfg
        self.command_manager = CommandManager(cfg.commands, self)
        self.action_manager = ActionManager(cfg.actions, self, noise_std=cfg.action_noise_std, delay=cfg.action_delay)
        everyone = torch.ones(self.num_envs, dtype=torch.bool)
        cfg.observations = {
            name: group
            for name, group in cfg.observations.items()
            if len(self._computable("observations", group.terms)) == len(group.terms)
        }
        cfg.terminations = self._computable("terminations", cfg.terminations)
        self.termination_manager = TerminationManager(cfg.terminations, self)  # rewards and metrics may ask it
        cfg.rewards = self._computable("rewards", cfg.rewards)
        cfg.metrics = self._computable("metrics", cfg.metrics)
        cfg.events = self._computable("events", cfg.events, everyone)
        super()._make_managers()

    def _computable(self, kind: str, terms: dict[str, T], *arguments: Any) -> dict[str, T]:
        """Return the terms that can be computed; note why the others cannot."""
        return {name: term for name, term in terms.items() if self._tried(kind, name, term, arguments)}

    def _tried(self, kind: str, name: str, cfg: Any, arguments: tuple[Any, ...]) -> bool:
        try:
            make_term(name, cfg, self, kind=kind, positional=1 + len(arguments))(self, *arguments)
        except NotInEngine as missing:
            self.left_out[f"{kind}.{name}"] = f"needs {missing.what}"
            return False
        return True
