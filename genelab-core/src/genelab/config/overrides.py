"""Dotted overrides: `--env.rewards.alive.weight 2` sets that field, checked against its type."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from genelab.config.base import is_config, is_table
from genelab.config.serialization import to_json
from genelab.utils.errors import UsageError
from genelab.utils.names import nearest

NONE_WORDS = {"none", "null"}


def override_paths(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every overridable path below `config` with its present value, as plain JSON types."""
    if is_config(config):
        children = [(field.name, getattr(config, field.name)) for field in dataclasses.fields(config)]
    elif is_table(config):
        children = list(config.items())
    else:
        yield prefix, to_json(config)
        return
    for name, value in children:
        path = f"{prefix}.{name}" if prefix else str(name)
        if is_config(value) or (is_table(value) and value):
            yield from override_paths(value, path)
        elif not callable(value):
            yield path, to_json(value)


def apply_override(root: Any, path: str, text: str) -> None:
    """Set the field at `path` below `root` to the value that `text` spells.

    `none` removes an entry of a table of terms, and sets a field that may be None to None; commas separate the elements
    of a tuple; words like `true`, `on` and `0` are booleans where the field is one.

    Raises:
        UsageError: for an unknown path (with the nearest ones) or a value of the wrong type.
    """
    parts = path.split(".")
    owner = root
    for depth, part in enumerate(parts[:-1]):
        owner = _child(owner, part, root, path, ".".join(parts[: depth + 1]))
    last = parts[-1]
    current = _child(owner, last, root, path, path)
    if is_table(owner) and is_config(current):
        if text.lower() not in NONE_WORDS:
            raise UsageError(
                f"{path} is a table, not a value", fix=f"set one of its fields, or {path} none to remove it"
            )
        del owner[last]
        return
    if is_config(current):
        raise UsageError(f"{path} is a table, not a value", fix=f"set one of its fields: {', '.join(_names(current))}")
    annotation = _annotation(owner, last, current)
    try:
        value = TypeAdapter(annotation).validate_python(_parse(text, annotation))
        if is_table(owner):
            owner[last] = value
        else:
            setattr(owner, last, value)
    except (ValidationError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UsageError(
            f"{text!r} is no value for {path}: {reason}",
            where=f"{path} is {_type_name(annotation)}, now {current!r}",
        ) from None


def _names(owner: Any) -> list[str]:
    if is_config(owner):
        return [field.name for field in dataclasses.fields(owner)]
    return [str(key) for key in owner] if is_table(owner) else []


def _child(owner: Any, name: str, root: Any, path: str, so_far: str) -> Any:
    names = _names(owner)
    if name in names:
        return owner[name] if is_table(owner) else getattr(owner, name)
    paths = [known for known, _ in override_paths(root)]
    close = nearest(path, paths) or [f"{so_far.rpartition('.')[0]}.{known}" for known in names][:8]
    raise UsageError(f"unknown config path {path!r}", fix=f"nearest: {', '.join(close)}" if close else None)


def _annotation(owner: Any, name: str, current: Any) -> Any:
    if is_config(owner):
        return typing.get_type_hints(owner.__class__, include_extras=True)[name]
    if current is None:
        return Any
    return tuple[current[0].__class__, ...] if current and current.__class__ is tuple else current.__class__


def _parse(text: str, annotation: Any) -> Any:
    """Turn command-line text into something that pydantic can check against `annotation`."""
    options = _options(annotation)
    if text.lower() in NONE_WORDS and (annotation is Any or types.NoneType in options):
        return None
    if any(option is dict or typing.get_origin(option) is dict for option in options):
        return json.loads(text)
    wants_tuple = any(typing.get_origin(option) is tuple for option in options)
    scalar = next((option for option in options if option in (int, float, bool, str)), None)
    if wants_tuple and ("," in text or scalar is None):
        return tuple(_number(item.strip()) for item in text.strip("()[]").split(",") if item.strip())
    if annotation is Any or (scalar is not bool and scalar is not str):
        return _number(text)
    return text


def _options(annotation: Any) -> list[Any]:
    """Return the members of a union, looking through `Annotated`."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _options(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [option for member in typing.get_args(annotation) for option in _options(member)]
    return [annotation]


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def _type_name(annotation: Any) -> str:
    kinds = ("None" if kind is type(None) else getattr(kind, "__name__", str(kind)) for kind in _options(annotation))
    return " or ".join(kinds)


def parse_overrides(arguments: list[str]) -> list[tuple[str, str]]:
    """Split `--a.b.c VALUE` (or `--a.b.c=VALUE`) arguments into pairs.

    Raises:
        UsageError: for an option without a dot (nothing of that name exists), a missing value or a stray word.
    """
    pairs: list[tuple[str, str]] = []
    queue = list(arguments)
    while queue:
        option = queue.pop(0)
        if not option.startswith("--"):
            raise UsageError(f"unexpected argument {option!r}")
        name, equals, value = option[2:].partition("=")
        if "." not in name:
            raise UsageError(
                f"no such option: {option}", fix="see --help; config overrides have a dot: --env.decimation 2"
            )
        if not equals:
            if not queue or queue[0].startswith("--"):
                raise UsageError(f"missing value after {option}")
            value = queue.pop(0)
        pairs.append((name.replace("-", "_"), value))
    return pairs


def apply_overrides(task: Any, pairs: list[tuple[str, str]]) -> Any:
    """Apply overrides to a `TaskCfg` and return it completed.

    Those of `env` come first, so that derived `eval_env` and `play_env` follow them; then the rest.

    Raises:
        UsageError: as `apply_override`, and for a path that starts with none of the task's configs.
    """
    roots = ("env", "eval_env", "play_env", "agent")
    for path, _ in pairs:
        root = path.partition(".")[0]
        if root not in roots:
            raise UsageError(f"unknown config path {path!r}", fix=f"start with one of {', '.join(roots)}")
        if root == "agent" and task.agent is None:
            raise UsageError(f"{path!r}: this task has no agent", fix="name a --backend")
    for path, text in pairs:
        if path.startswith("env."):
            apply_override(task, path, text)
    task = task.completed()
    for path, text in pairs:
        if not path.startswith("env."):
            apply_override(task, path, text)
    return task


__all__ = ["apply_override", "apply_overrides", "override_paths", "parse_overrides"]
