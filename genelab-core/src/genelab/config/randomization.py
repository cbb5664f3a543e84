"""Marks event terms as domain randomisation, and turns on what they need of the solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Literal, TypeVar

from genelab.config.simulation import SimulationCfg
from genelab.config.terms import EventTermCfg

F = TypeVar("F", bound=Callable[..., Any])
SolverFlag = Literal["batch_dofs_info", "batch_links_info"]

_FLAGS: dict[Callable[..., Any], tuple[SolverFlag, ...]] = {}


def randomizes(*flags: SolverFlag) -> Callable[[F], F]:
    """Mark an event term as domain randomisation.

        @randomizes("batch_links_info")
        def randomize_mass(env, mask, range, asset): ...

    Such a term is left out of derived evaluation environments. A start-up term of this kind runs again at the start of
    each episode of a randomised evaluation, so that an episode does not depend on the env it runs in.

    Args:
        flags: Options of `RigidSolverCfg` that let what it writes differ between envs; they are turned on.
    """

    def mark(func: F) -> F:
        _FLAGS[func] = flags
        return func

    return mark


def is_randomization(func: Callable[..., Any]) -> bool:
    """Return whether a term is marked."""
    return func in _FLAGS


def solver_flags_of(func: Callable[..., Any]) -> tuple[SolverFlag, ...]:
    """Return the solver options that a term needs."""
    return _FLAGS.get(func, ())


def with_solver_flags(simulation: SimulationCfg, events: Mapping[str, EventTermCfg]) -> SimulationCfg:
    """Return a copy with the flags on without which Genesis would change all envs where a term means some."""
    simulation = deepcopy(simulation)
    for event in events.values():
        for flag in solver_flags_of(event.func):
            setattr(simulation.solver, flag, True)
    return simulation
