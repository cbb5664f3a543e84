"""Testing kit for plugin authors: a fake environment, contract suites, discovery sandbox and import check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

_LAZY = {
    "FakeVecEnv": "genelab.testing.fake_env:FakeVecEnv",
}

if TYPE_CHECKING:
    from genelab.testing.fake_env import FakeVecEnv as FakeVecEnv


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'genelab.testing' has no attribute {name!r}")
    from genelab.utils.references import resolve

    return resolve(_LAZY[name])


def __dir__() -> list[str]:
    return [*globals(), *_LAZY]
