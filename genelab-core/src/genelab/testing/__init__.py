"""Testing kit for plugin authors: fake environments, contract suites, discovery sandbox and import check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genelab.utils.lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BackendContract": "genelab.testing.backend_contract:BackendContract",
        "ExporterContract": "genelab.testing.exporter_contract:ExporterContract",
        "FakeVecEnv": "genelab.testing.fake_env:FakeVecEnv",
        "GoalEnv": "genelab.testing.goal_env:GoalEnv",
        "MetricContract": "genelab.testing.metric_contract:MetricContract",
        "TaskContract": "genelab.testing.task_contract:TaskContract",
        "assert_light_import": "genelab.testing.light_import:assert_light_import",
        "bit_differences": "genelab.testing.bitwise:bit_differences",
        "in_memory_plugin": "genelab.testing.sandbox:in_memory_plugin",
        "plugin_sandbox": "genelab.testing.sandbox:plugin_sandbox",
    },
)

if TYPE_CHECKING:
    from genelab.testing.backend_contract import BackendContract as BackendContract
    from genelab.testing.bitwise import bit_differences as bit_differences
    from genelab.testing.exporter_contract import ExporterContract as ExporterContract
    from genelab.testing.fake_env import FakeVecEnv as FakeVecEnv
    from genelab.testing.goal_env import GoalEnv as GoalEnv
    from genelab.testing.light_import import assert_light_import as assert_light_import
    from genelab.testing.metric_contract import MetricContract as MetricContract
    from genelab.testing.sandbox import in_memory_plugin as in_memory_plugin
    from genelab.testing.sandbox import plugin_sandbox as plugin_sandbox
    from genelab.testing.task_contract import TaskContract as TaskContract
