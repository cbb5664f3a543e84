"""Terms made callable: parameters checked against what the term takes, and names of entities resolved, once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from genelab.config.serialization import to_json
from genelab.config.terms import SceneEntityCfg, TermCfg
from genelab.entities.articulation import Articulation
from genelab.entities.entity import Entity
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.lazy import torch
from genelab.utils.references import reference_of
from genelab.utils.stateful import Stateful

ROBOT: Any = SceneEntityCfg(name="robot")
"""The entity that terms mean when a task names none: default of parameters that are a `SceneEntity`."""


@dataclass(frozen=True)
class SceneEntity:
    """A resolved `SceneEntityCfg`.

    Attributes:
        name: Key in the scene.
        entity: The entity.
        joints: Indices of the joints, a slice where they are contiguous.
        links: Indices of the links, likewise.
    """

    name: str
    entity: Entity
    joints: slice | list[int]
    links: slice | list[int]

    @property
    def robot(self) -> Articulation:
        """The entity as an articulation."""
        if not isinstance(self.entity, Articulation):
            raise GenelabError(f"entity {self.name!r} has no joints")
        return self.entity

    def describe(self) -> dict[str, Any]:
        """Return the names behind the indices, as plain values."""
        if not isinstance(self.entity, Articulation):
            return {"entity": self.name, "joints": [], "links": list(self.entity.link_names)}
        joints, links = self.entity.joint_names, self.entity.link_names
        return {"entity": self.name, "joints": _chosen(joints, self.joints), "links": _chosen(links, self.links)}


class ManagerTerm(Stateful):
    """Base of terms that keep something between steps, and of those that work something out once.

        class Highest(ManagerTerm):
            remembers = ("_height",)

            def __init__(self, env: TermEnv, *, asset: SceneEntity = ROBOT) -> None:
                self._robot, self._height = asset.robot, torch.zeros(env.num_envs, device=env.device)

            def __call__(self, env: TermEnv) -> torch.Tensor:
                self._height = self._height.maximum(self._robot.root_pos[:, 2])
                return self._height

            def reset(self, mask: torch.Tensor) -> None:
                self._height = self._height.masked_fill(mask, 0.0)

    The parameters that a task gives go to the constructor, entities resolved; its first argument is called `env`. What
    has state per env overrides `reset`, and names its tensors in `remembers` so that a run can resume.

    A class may also take `(cfg, env)`, as this base does: its parameters then come with each call,
    `term(env, **params)`.
    """

    def __init__(self, cfg: TermCfg, env: TermEnv) -> None:
        self.cfg, self.env = cfg, env

    def __call__(self, env: TermEnv, *args: Any, **params: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__")

    def reset(self, mask: torch.Tensor) -> None:
        """Forget the past of the envs in `mask`, bool `(num_envs,)`."""


@dataclass
class Term:
    """A named, callable term.

    Attributes:
        call: The function, or the object of a class.
        params: What each call gets besides the environment, entities resolved.
        built_with: What the class was built with, likewise.
    """

    name: str
    cfg: Any
    call: Callable[..., Any]
    params: dict[str, Any]
    built_with: dict[str, Any] = field(default_factory=dict)

    def __call__(self, env: TermEnv, *args: Any) -> Any:
        return self.call(env, *args, **self.params)

    def reset(self, mask: torch.Tensor) -> None:
        if isinstance(self.call, ManagerTerm):
            self.call.reset(mask)

    def describe(self) -> dict[str, Any]:
        """Return what it computes and from what, as plain values: `kind` is the reference of the function."""
        return {
            "kind": reference_of(self.cfg.func),
            "params": {
                name: value.describe() if isinstance(value, SceneEntity) else to_json(value)
                for name, value in {**self.built_with, **self.params}.items()
            },
        }


def resolve_entity(cfg: SceneEntityCfg, env: TermEnv) -> SceneEntity:
    """Look up the entity and turn name patterns into indices."""
    entity = env.scene[cfg.name]
    joints: slice | list[int] = slice(None)
    links: slice | list[int] = slice(None)
    if isinstance(entity, Articulation):
        joints = _compact(entity.find_joints(cfg.joints), cfg.joints)
        links = _compact(entity.find_links(cfg.links), cfg.links)
    elif cfg.joints is not None:
        raise UsageError(f"entity {cfg.name!r} has no joints")
    return SceneEntity(cfg.name, entity, joints, links)


def _chosen(names: tuple[str, ...], ids: slice | list[int]) -> list[str]:
    return list(names[ids]) if isinstance(ids, slice) else [names[i] for i in ids]


def _compact(ids: list[int], patterns: tuple[str, ...] | None) -> slice | list[int]:
    if patterns is None:
        return slice(None)
    return slice(ids[0], ids[-1] + 1) if ids == list(range(ids[0], ids[-1] + 1)) else ids


def make_term(name: str, cfg: TermCfg, env: TermEnv, *, kind: str, positional: int = 1) -> Term:
    """Check and resolve a term's parameters, and make it callable.

    Args:
        name: Its name in the task's table.
        cfg: Its row.
        env: The environment.
        kind: Path of the table it stands in (`"rewards"`), for messages.
        positional: Arguments that the manager passes itself: the env, and a mask for events and curricula.

    Raises:
        UsageError: for a parameter that the function or class does not take, or one that is missing.
    """
    func: Any = cfg.func
    where = f"{kind}.{name}.params"
    if not inspect.isclass(cfg.func):
        return Term(name, cfg, func, _resolved(name, cfg, inspect.signature(func), positional, env, where))
    built = inspect.signature(func)
    if next(iter(built.parameters), None) == "env":
        params = _resolved(name, cfg, built, 1, env, where)
        return Term(name, cfg, func(env, **params), {}, params)
    params = _resolved(name, cfg, inspect.signature(func.__call__), 1 + positional, env, where)
    return Term(name, cfg, func(cfg, env), params)


def _resolved(
    name: str, cfg: TermCfg, signature: inspect.Signature, given: int, env: TermEnv, where: str
) -> dict[str, Any]:
    """Return the parameters, entities resolved; `given` are the arguments that come before them."""
    known = list(signature.parameters.values())[given:]
    try:
        signature.bind(*[None] * given, **cfg.params)
    except TypeError as error:
        takes = ", ".join(parameter.name for parameter in known) or "no parameters"
        raise UsageError(f"term {name!r}: {error}", where=where, fix=f"{cfg.func.__name__} takes {takes}") from None
    params = dict(cfg.params)
    for parameter in known:
        if parameter.name not in params and isinstance(parameter.default, SceneEntityCfg):
            params[parameter.name] = parameter.default
    return {k: resolve_entity(v, env) if isinstance(v, SceneEntityCfg) else v for k, v in params.items()}


def terms_state(terms: list[Term]) -> list[dict[str, Any]]:
    """Return the states of those terms that are classes, in order: names need not be unique among observations."""
    return [term.call.state_dict() for term in terms if isinstance(term.call, ManagerTerm)]


def load_terms_state(terms: list[Term], states: list[dict[str, Any]]) -> None:
    """Restore what `terms_state` returned."""
    calls = [term.call for term in terms if isinstance(term.call, ManagerTerm)]
    for call, state in zip(calls, states, strict=True):
        call.load_state_dict(state)
