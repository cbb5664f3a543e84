"""What randomisation asks of the simulator, and what it drew."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from genelab.config.env import ManagerBasedEnvCfg
from genelab.config.randomization import solver_flags_of
from genelab.config.simulation import SimulationCfg

if TYPE_CHECKING:
    import torch

    from genelab.envs.manager_based_env import ManagerBasedEnv


def with_solver_flags(cfg: ManagerBasedEnvCfg) -> SimulationCfg:
    """Return the simulation with the flags on without which Genesis would change all envs where a term means some."""
    simulation = deepcopy(cfg.simulation)
    for event in cfg.events.values():
        for flag in solver_flags_of(event.func):
            setattr(simulation.solver, flag, True)
    return simulation


def draws_of(env: ManagerBasedEnv) -> dict[str, torch.Tensor]:
    """Return what was drawn for the episodes that run now, float32 `(num_envs,)` each; NaN for nothing.

    Names are those of event terms (`"friction"`, `"com.x"`), `"action_delay"` and `"latency/<group>/<term>"`.
    """
    draws = dict(env.event_manager.draws)
    if env.action_manager.delay is not None:
        draws["action_delay"] = env.action_manager.delay.lag.float()
    for name, delay in env.observation_manager.delays().items():
        draws[f"latency/{name}"] = delay.lag.float()
    return draws
