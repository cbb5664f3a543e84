"""What is otherwise now than when a run was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from genelab.config.serialization import to_json
from genelab.config.task import TaskCfg

MISSING = object()


def config_differences(then: TaskCfg, now: TaskCfg) -> list[str]:
    """Return one line for each config path whose value differs.

    A difference that `eval_env` and `play_env` only inherit from `env` is listed once.
    """
    lines: list[str] = []
    inherited: set[tuple[str, str]] = set()
    for root in ("env", "eval_env", "play_env", "agent"):
        for path, text in _differences(to_json(getattr(then, root)), to_json(getattr(now, root)), ""):
            if (path, text) not in inherited:
                lines.append(f"{root}{path}: {text}")
            inherited.add((path, text))
    return lines


def _differences(then: Any, now: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*then, *now]):
            yield from _differences(then.get(key, MISSING), now.get(key, MISSING), f"{path}.{key}")
    elif then != now:
        yield path, f"{_shown(then)} then, {_shown(now)} now"


def _shown(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    return f"{value.get('func', '{…}')}" if isinstance(value, dict) else str(value)


def version_differences(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return one line for each distribution whose version is not the one of then."""
    return [
        f"{name} {version} then, {now.get(name, 'not installed')} now"
        for name, version in then.items()
        if now.get(name) != version
    ]
