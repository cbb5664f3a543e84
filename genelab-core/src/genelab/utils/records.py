"""Dataclasses as JSON and back: one writer and one reader for all documents that GeneLab keeps."""

from __future__ import annotations

import types
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def omitted() -> Any:
    """Declare a field whose key is left out of the JSON object as long as the value is `None`."""
    return field(default=None, metadata={"omitted": True})


def to_record(value: Any) -> Any:
    """Return plain values: objects of dataclasses as dicts, in the order of their fields.

    A field is named as its key, with an underscore behind a word that Python keeps for itself (`return_`).
    """
    if is_dataclass(value) and not isinstance(value, type):
        known = ((item, getattr(value, item.name)) for item in fields(value))
        return {
            item.name.rstrip("_"): to_record(own)
            for item, own in known
            if own is not None or not item.metadata.get("omitted")
        }
    if isinstance(value, dict):
        return {key: to_record(item) for key, item in value.items()}
    return [to_record(item) for item in value] if isinstance(value, list) else value


def from_record(kind: type[T], record: Any) -> T:
    """Return the object of `kind`, a dataclass, that `to_record` made `record` from. Keys that it lacks are ignored.

    Raises:
        TypeError: if keys are missing, or an object or list stands where another thing should.
    """
    return _read(kind, record)


def _read(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        kinds = [one for one in arguments if one is not type(None)]
        return None if value is None else _read(kinds[0] if len(kinds) == 1 else Any, value)
    if isinstance(kind, type) and is_dataclass(kind):
        _require(value, dict)
        hints = get_type_hints(kind)
        keys = {item.name: item.name.rstrip("_") for item in fields(kind)}
        return kind(**{name: _read(hints[name], value[key]) for name, key in keys.items() if key in value})
    if origin is list:
        _require(value, list)
        return [_read(arguments[0], item) for item in value]
    if origin is dict:
        _require(value, dict)
        return {key: _read(arguments[1], item) for key, item in value.items()}
    return value


def _require(value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is not a {kind.__name__}")
