"""Methods of living objects, wrapped from outside: what is observed holds no code for it and pays nothing otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


class WrappedMethods:
    """Puts functions around methods, and takes them away again."""

    def __init__(self) -> None:
        self._wrapped: list[tuple[Any, str, Any]] = []

    def wrap(self, target: Any, method: str, around: Callable[..., Any]) -> None:
        """Let `target.method(…)` call `around(original, …)` from now on, for this object only."""
        original = getattr(target, method)
        before = vars(target).get(method)

        @wraps(original)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return around(original, *args, **kwargs)

        setattr(target, method, wrapped)
        self._wrapped.append((target, method, before))

    def undo(self) -> None:
        """Leave the objects as they were."""
        for target, method, before in reversed(self._wrapped):
            if before is None:
                delattr(target, method)
            else:
                setattr(target, method, before)
        self._wrapped.clear()
