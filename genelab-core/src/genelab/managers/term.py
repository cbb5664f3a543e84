"""Terms made callable: parameters checked against the function and entity names resolved, once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genelab.config.serialization import to_json
from genelab.config.terms import SceneEntityCfg, TermCfg
from genelab.entities.articulation import Articulation
from genelab.entities.entity import Entity
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.lazy import torch
from genelab.utils.references import reference_of


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


class ManagerTerm:
    """Base of terms that are classes: instantiated once as `Term(cfg, env)`, called as `term(env, **params)`.

    A term that keeps state per env overrides `reset`, and `state_dict` with `load_state_dict` so that a run can resume.
    """

    def __init__(self, cfg: TermCfg, env: Any) -> None:
        self.cfg, self.env = cfg, env

    def __call__(self, env: Any, *args: Any, **params: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__")

    def reset(self, mask: torch.Tensor) -> None:
        """Forget the past of the envs in `mask`, bool `(num_envs,)`."""

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""


@dataclass
class Term:
    """A named, callable term."""

    name: str
    cfg: Any
    call: Callable[..., Any]
    params: dict[str, Any]

    def __call__(self, env: Any, *args: Any) -> Any:
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
                for name, value in self.params.items()
            },
        }


def resolve_entity(cfg: SceneEntityCfg, env: Any) -> SceneEntity:
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


def make_term(name: str, cfg: TermCfg, env: Any, *, kind: str, positional: int = 1) -> Term:
    """Make a term callable.

    Args:
        kind: Path of the table it stands in (`"rewards"`), for messages.
        positional: Arguments that the manager passes itself: the env, and a mask for events and curricula.

    Raises:
        UsageError: for a parameter that the function does not take, or one that is missing.
    """
    is_class = inspect.isclass(cfg.func)
    call = cfg.func(cfg, env) if is_class else cfg.func
    signature = inspect.signature(call)
    try:
        signature.bind(*[None] * positional, **cfg.params)
    except TypeError as error:
        known = list(signature.parameters)[positional:]
        raise UsageError(
            f"term {name!r}: {error}",
            where=f"{kind}.{name}.params",
            fix=f"{cfg.func.__name__} takes {', '.join(known) or 'no parameters'}",
        ) from None
    params = dict(cfg.params)
    for parameter in list(signature.parameters.values())[positional:]:
        if parameter.name not in params and isinstance(parameter.default, SceneEntityCfg):
            params[parameter.name] = parameter.default
    resolved = {k: resolve_entity(v, env) if isinstance(v, SceneEntityCfg) else v for k, v in params.items()}
    return Term(name, cfg, call, resolved)


def terms_state(terms: list[Term]) -> list[dict[str, Any]]:
    """Return the states of those terms that are classes, in order: names need not be unique among observations."""
    return [term.call.state_dict() for term in terms if isinstance(term.call, ManagerTerm)]


def load_terms_state(terms: list[Term], states: list[dict[str, Any]]) -> None:
    """Restore what `terms_state` returned."""
    calls = [term.call for term in terms if isinstance(term.call, ManagerTerm)]
    for call, state in zip(calls, states, strict=True):
        call.load_state_dict(state)
