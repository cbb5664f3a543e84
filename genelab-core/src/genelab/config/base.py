"""What every config is made of: a validated dataclass, and functions that survive JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Annotated, Any, Protocol, TypeGuard, TypeVar, cast, dataclass_transform

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass

from genelab.utils.errors import GenelabError
from genelab.utils.references import is_reference, resolve

T = TypeVar("T")

_SETTINGS = ConfigDict(extra="forbid", validate_assignment=True, validate_default=True, arbitrary_types_allowed=True)
_MARK = "__genelab_config__"


@dataclass_transform(kw_only_default=True, field_specifiers=(field, Field))
def configclass(cls: type[T]) -> type[T]:
    """Turn a class into a config: a keyword-only dataclass whose values are checked when made and when assigned.

    Raises (on construction or assignment):
        pydantic.ValidationError: for an unknown field or a value of the wrong type.
    """
    made = cast(type[T], pydantic_dataclass(cls, config=_SETTINGS, kw_only=True))
    setattr(made, _MARK, True)
    return made


def is_config(value: object) -> bool:
    """Return whether `value` is a config class or an instance of one."""
    return bool(getattr(value, _MARK, False))


def is_table(value: object) -> TypeGuard[dict[Any, Any]]:
    """Return whether `value` is a dict."""
    return isinstance(value, dict)


def is_row(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether `value` is a list or a tuple."""
    return isinstance(value, list | tuple)


class Buildable(Protocol):
    """A config that makes what it describes."""

    def build(self, *args: Any, **kwargs: Any) -> object:
        """Return the runtime object."""
        ...


def built(cfg: Buildable, kind: type[T], *args: Any) -> T:
    """Return what `cfg.build(*args)` makes: a `kind`, which `build` cannot promise where that class stands above it.

    Raises:
        GenelabError: if it makes something else.
    """
    made = cfg.build(*args)
    if not isinstance(made, kind):
        raise GenelabError(
            f"{type(cfg).__name__}.build() returned {type(made).__name__}, not a {kind.__name__}",
            fix=f"let it return a subclass of {kind.__module__}.{kind.__name__}",
        )
    return made


Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Range = tuple[float, float]
"""Lower and upper bound."""
Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
"""(w, x, y, z)."""
PerJoint = float | dict[str, float]
"""One value for all joints, or a table from name patterns (full regular expressions) to values; the last match wins."""


def _to_callable(value: Any) -> Any:
    return resolve(value) if is_reference(value) else value


def _to_tuples(value: Any) -> Any:
    """Turn lists into tuples at any depth, so that a value is equal to its JSON round trip."""
    if is_row(value):
        return tuple(_to_tuples(item) for item in value)
    if is_table(value):
        return {key: _to_tuples(item) for key, item in value.items()}
    return value


FunctionRef = Annotated[Callable[..., Any], BeforeValidator(_to_callable)]
"""A function or class; a string `"package.module:name"` is accepted and resolved."""

TextOrFunctionRef = Annotated[str | Callable[..., Any], BeforeValidator(_to_callable)]
"""The same, or any other string as it is."""

Params = Annotated[dict[str, Any], BeforeValidator(_to_tuples)]
"""Keyword arguments of a term; lists become tuples."""
