"""An environment without rewards: scene, actions, observations, events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from genelab.config.env import ManagerBasedEnvCfg
from genelab.config.randomization import with_solver_flags
from genelab.config.terms import CommandTermCfg, TerminationTermCfg
from genelab.config.terrain import COLUMN_STRATUM, LEVEL_STRATUM
from genelab.entities.articulation import Articulation
from genelab.envs.deployment import describe_env
from genelab.envs.vec_env import Observation, Step, StepView, box_spaces
from genelab.managers.action_manager import ActionManager
from genelab.managers.command_manager import CommandManager
from genelab.managers.event_manager import EventManager
from genelab.managers.observation_manager import ObservationManager
from genelab.managers.random_streams import RandomStreams, Rows
from genelab.managers.termination_manager import TerminationManager
from genelab.sim.genesis_scene import GenesisScene
from genelab.sim.scene import Scene
from genelab.utils.errors import GenelabError
from genelab.utils.strata import Bins


class ManagerBasedEnv:
    """Steps a scene with actions and reads observations; nothing is rewarded and no episode ends.

    It is a `genelab.envs.vec_env.VecEnv` to its users and a `genelab.managers.term_env.TermEnv` to its terms.

    Args:
        cfg: What to build. Everything random is seeded from `cfg.seed` before the scene is built.
        render_envs: Number of envs, from the first, of which `render` can take pictures.
        rows: Which envs of a run with several processes these are; `None` for all.
        scene: The scene of another simulator; by default one is built in Genesis.
    """

    strata: Mapping[str, Bins] = MappingProxyType({})
    success: torch.Tensor | None = None

    def __init__(
        self,
        cfg: ManagerBasedEnvCfg,
        *,
        render_envs: int = 0,
        rows: Rows | None = None,
        scene: Scene | None = None,
    ) -> None:
        self.cfg = cfg
        self.num_envs = cfg.simulation.num_envs
        self.step_dt = cfg.step_dt
        self.max_episode_length = cfg.max_episode_length
        self.raw_observations = False
        self.step_observers: list[Callable[[StepView], None]] = []
        self.scene = scene or self._build_scene(min(render_envs, self.num_envs))
        self.device = self.scene.device
        self.random = RandomStreams(self.num_envs, self.device, cfg.seed, self.strata, rows)
        if self.scene.placement is not None:
            self.scene.placement.assign(self.random.env_index())
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self.common_step_counter = 0
        self._everyone = torch.ones(self.num_envs, dtype=torch.bool, device=self.device)
        self._observation: Observation = {}
        self._make_managers()
        self.event_manager.startup()
        self.action_dim = self.action_manager.dim
        self.single_observation_space, self.single_action_space = box_spaces(self.observation_layout, self.action_dim)

    def _build_scene(self, render_envs: int) -> Scene:
        cfg = self.cfg
        simulation = with_solver_flags(cfg.simulation, cfg.events)
        return GenesisScene(cfg.scene, simulation, decimation=cfg.decimation, seed=cfg.seed, render_envs=render_envs)

    def _make_managers(
        self,
        commands: dict[str, CommandTermCfg] | None = None,
        terminations: dict[str, TerminationTermCfg] | None = None,
    ) -> None:
        """Make the managers, in the order in which terms may ask for one another when they are built."""
        cfg = self.cfg
        self.command_manager = CommandManager(commands or {}, self)
        self.action_manager = ActionManager(cfg.actions, self, noise_std=cfg.action_noise_std, delay=cfg.action_delay)
        self.event_manager = EventManager(cfg.events, self)
        self.termination_manager = TerminationManager(terminations or {}, self)
        self.observation_manager = ObservationManager(cfg.observations, self)
        self.observation_layout = self.observation_manager.layout

    @property
    def unwrapped(self) -> ManagerBasedEnv:
        return self

    def nobody(self, mask: torch.Tensor) -> bool:
        """Return True when it is known that `mask` is empty.

        On a GPU it is never known, because asking would make the host wait: masked work then runs for nobody.
        """
        return self.device.type == "cpu" and not bool(mask.any())

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Reset every env; see `VecEnv.reset`."""
        if seed is not None:
            self.random.reseed(seed)
        if options and options.get("evaluation"):
            self.random.begin_evaluation()
        else:
            self.random.end_evaluation()
        extras: dict[str, Any] = {}
        self.random.next_step()
        with self.random.resets():
            self._reset(self._everyone, extras)
        self._start_episodes()
        self._observation = self.observation_manager.compute(reset=self._everyone)
        if self.random.evaluation:
            extras["init_hash"] = list(self._init_hashes(self._everyone).values())
        return self.get_observations(), extras

    def _start_episodes(self) -> None:
        """Hook for the reinforcement-learning environment."""

    def step(self, actions: torch.Tensor) -> Step:
        """Advance one control step; see `VecEnv.step`."""
        self._advance(actions)
        self.event_manager.interval()
        self._observation = self.observation_manager.compute()
        nothing = torch.zeros(self.num_envs, device=self.device)
        return self.get_observations(), nothing, nothing > 0.0, nothing > 0.0, {}

    def _advance(self, actions: torch.Tensor) -> None:
        if actions.shape != (self.num_envs, self.action_dim):
            raise GenelabError(
                f"actions have shape {tuple(actions.shape)}", fix=f"give ({self.num_envs}, {self.action_dim})"
            )
        self.random.next_step()
        self.action_manager.process(actions)
        if self.scene.viewer:
            self.scene.show(self.command_manager.markers())
        self.scene.step()
        self.scene.update_sensors(self.step_dt)
        self.episode_length_buf = self.episode_length_buf + 1
        self.common_step_counter += 1

    def _reset(self, mask: torch.Tensor, extras: dict[str, Any]) -> None:
        """Bring the envs in `mask`, bool `(num_envs,)`, to the start of an episode."""
        for entity in self.scene.entities.values():
            entity.reset(mask)
        self._place_on_terrain(mask)
        self.event_manager.reset(mask)
        self.scene.reset_sensors(mask)
        self.action_manager.reset(mask)
        self.observation_manager.reset(mask)
        self.episode_length_buf = self.episode_length_buf.masked_fill(mask, 0)

    def _place_on_terrain(self, mask: torch.Tensor) -> None:
        """Put the envs in `mask` into the cells that training has come to, or in evaluation that the plan says."""
        placement, random = self.scene.placement, self.random
        if placement is None:
            return
        if not random.evaluation:
            placement.place(mask)
            return
        level, column = (
            random.stratum(name) if name in self.strata else None for name in (LEVEL_STRATUM, COLUMN_STRATUM)
        )
        placement.place_episodes(mask, random.episode_index, level, column)

    def get_observations(self) -> Observation:
        """Return the last observations again."""
        return self._as_asked(self._observation)

    def _as_asked(self, raw: Observation) -> Observation:
        """Return observations in the form that `raw_observations` asks for."""
        return dict(raw) if self.raw_observations else self.observation_manager.scale(raw)

    def render(self, index: int = 0) -> np.ndarray:
        """Return a picture of env `index`, uint8 `(height, width, 3)`."""
        return self.scene.render(index, self.command_manager.markers())

    def describe_actuation(self) -> dict[str, Any] | None:
        """Return robots and action terms as plain values; see `VecEnv.describe_actuation`."""
        actions, start = [], 0
        for name, term in self.action_manager.terms.items():
            actions.append({"name": name, "start": start, **term.describe()})
            start += term.dim
        robots = {n: e.describe() for n, e in self.scene.entities.items() if isinstance(e, Articulation)}
        return {"decimation": self.cfg.decimation, "robots": robots, "action_terms": actions}

    def describe_deployment(self) -> dict[str, Any]:
        """Return physics, robots and terms as plain values; see `VecEnv.describe_deployment`."""
        return describe_env(self.cfg, self.scene, self.observation_manager)

    def _init_hashes(self, mask: torch.Tensor) -> dict[int, str]:
        """Hash what the future of a fresh episode depends on, for each env in `mask`."""
        parts = [part for entity in self.scene.entities.values() for part in entity.physics_state().values()]
        parts += [term.command for term in self.command_manager.terms.values()]
        rows = torch.cat([part.reshape(self.num_envs, -1).to(torch.float32) for part in parts], dim=1).cpu().numpy()
        slots = mask.nonzero()[:, 0].tolist()
        return {slot: hashlib.sha256(rows[slot].tobytes()).hexdigest()[:16] for slot in slots}

    def state_dict(self) -> dict[str, Any]:
        """Return everything the future depends on."""
        return {
            "entities": {name: entity.physics_state() for name, entity in self.scene.entities.items()},
            "surroundings": self.scene.surroundings_state(),
            "targets": {n: e.target.clone() for n, e in self.scene.entities.items() if isinstance(e, Articulation)},
            "random": self.random.state_dict(),
            "episode_length": self.episode_length_buf.clone(),
            "common_step_counter": self.common_step_counter,
            "observation": {name: value.clone() for name, value in self._observation.items()},
            "managers": {name: manager.state_dict() for name, manager in self._stateful_managers().items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned; what follows is then bit-equal.

        Raises:
            GenelabError: if the state is of an environment with another number of envs.
        """
        rows = len(state["episode_length"])
        if rows != self.num_envs:
            raise GenelabError(f"the saved state has {rows} envs, this environment {self.num_envs}")
        for name, entity in self.scene.entities.items():
            entity.load_physics_state(state["entities"][name])
            if isinstance(entity, Articulation):
                entity.target = state["targets"][name].to(self.device, copy=True)
        self.scene.load_surroundings_state(state["surroundings"])
        self.random.load_state_dict(state["random"])
        self.episode_length_buf = state["episode_length"].to(self.device, copy=True)
        self.common_step_counter = state["common_step_counter"]
        self._observation = {name: value.to(self.device, copy=True) for name, value in state["observation"].items()}
        for name, manager in self._stateful_managers().items():
            manager.load_state_dict(state["managers"][name])

    def _stateful_managers(self) -> dict[str, Any]:
        return {
            "action": self.action_manager,
            "event": self.event_manager,
            "observation": self.observation_manager,
        }

    def close(self) -> None:
        """Free the scene."""
        self.scene.close()
