"""Testing kit for plugin authors: a fake environment, contract suites, discovery sandbox and import check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

_LAZY = {
    "BackendContract": "genelab.testing.backend_contract:BackendContract",
    "ExporterContract": "genelab.testing.exporter_contract:ExporterContract",
    "FakeVecEnv": "genelab.testing.fake_env:FakeVecEnv",
    "MetricContract": "genelab.testing.metric_contract:MetricContract",
    "TaskContract": "genelab.testing.task_contract:TaskContract",
    "assert_light_import": "genelab.testing.light_import:assert_light_import",
    "in_memory_plugin": "genelab.testing.sandbox:in_memory_plugin",
    "plugin_sandbox": "genelab.testing.sandbox:plugin_sandbox",
}

if TYPE_CHECKING:
    from genelab.testing.backend_contract import BackendContract as BackendContract
    from genelab.testing.exporter_contract import ExporterContract as ExporterContract
    from genelab.testing.fake_env import FakeVecEnv as FakeVecEnv
    from genelab.testing.light_import import assert_light_import as assert_light_import
    from genelab.testing.metric_contract import MetricContract as MetricContract
    from genelab.testing.sandbox import in_memory_plugin as in_memory_plugin
    from genelab.testing.sandbox import plugin_sandbox as plugin_sandbox
    from genelab.testing.task_contract import TaskContract as TaskContract


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'genelab.testing' has no attribute {name!r}")
    from genelab.utils.references import resolve

    return resolve(_LAZY[name])


def __dir__() -> list[str]:
    return [*globals(), *_LAZY]
