"""Configs to JSON and back.

A config becomes an object with its class under `"type"`; a function becomes `{"function": "package.module:name"}` in a
free-form place and the bare reference string in a field that is declared as a function. Everything else is plain JSON.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from enum import Enum
from typing import Any

from genelab.config.base import is_config, is_row, is_table
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.references import first_name, is_reference, reference_of, resolve

TYPE, FUNCTION = "type", "function"


def to_json(value: Any) -> Any:
    """Return `value` (a config, or anything a config may hold) as plain JSON types.

    Raises:
        GenelabError: for a value that could not come back (a lambda, an open object, NaN).
    """
    if is_config(value) and not isinstance(value, type):
        body = {f.name: _field_to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {TYPE: reference_of(type(value)), **body}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise GenelabError(f"{value} cannot be written to JSON", fix="use None where a bound is absent")
        return value
    if isinstance(value, Enum):
        return value.value
    if is_table(value):
        return {str(key): to_json(item) for key, item in value.items()}
    if is_row(value):
        return [to_json(item) for item in value]
    if callable(value):
        return {FUNCTION: reference_of(value)}
    raise GenelabError(f"{value!r} of type {type(value).__name__} cannot be written to JSON")


def _field_to_json(value: Any) -> Any:
    made = to_json(value)
    return made[FUNCTION] if is_table(made) and set(made) == {FUNCTION} else made


def from_json(value: Any, *, trusted: Callable[[str], bool] | None = None) -> Any:
    """Rebuild what `to_json` wrote.

    Args:
        value: Plain JSON.
        trusted: Called with the top-level package of each reference before it is imported, and with the package in
            which the named object was defined; `False` refuses it. A run's configs name code, so a caller that reads
            them from a file passes the installed plugins' packages. `None` trusts everything.

    Raises:
        UsageError: for a reference into a package that is not trusted, or a type that is not a config.
    """
    if is_row(value):
        return tuple(from_json(item, trusted=trusted) for item in value)
    if is_table(value):
        if set(value) == {FUNCTION}:
            return _resolved(value[FUNCTION], trusted)
        if TYPE in value and is_reference(value[TYPE]):
            made = _resolved(value[TYPE], trusted)
            if not (isinstance(made, type) and is_config(made)):
                raise UsageError(f"{value[TYPE]} is not a config class")
            return made(**{k: from_json(v, trusted=trusted) for k, v in value.items() if k != TYPE})
        return {key: from_json(item, trusted=trusted) for key, item in value.items()}
    if trusted is not None and is_reference(value):
        _resolved(value, trusted)  # the config that holds it will turn it into what it names
    return value


def with_first_names(value: Any) -> Any:
    """Return what `to_json` made with each reference in its oldest form, so that a hash outlives a renamed module."""
    if is_row(value):
        return [with_first_names(item) for item in value]
    if is_table(value):
        return {key: with_first_names(item) for key, item in value.items()}
    return first_name(value) if is_reference(value) else value


def _resolved(reference: str, trusted: Callable[[str], bool] | None) -> Any:
    """Import what `reference` names; a trusted module that merely imported `os.system` does not vouch for it."""
    if trusted is None:
        return resolve(reference)
    _require_trusted(reference, reference, trusted)
    target = resolve(reference)
    _require_trusted(reference_of(target), reference, trusted)
    return target


def _require_trusted(home: str, reference: str, trusted: Callable[[str], bool]) -> None:
    package = home.partition(":")[0].partition(".")[0]
    if not trusted(package):
        raise UsageError(
            f"config refers to {reference!r}, and {package!r} is not an installed plugin's package",
            fix="install the plugin it belongs to",
        )
