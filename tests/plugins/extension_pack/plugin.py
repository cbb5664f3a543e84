"""What the pack brings. Noise, action and sensor need no record: a task's config names them by class."""

from __future__ import annotations

from genelab.api import LauncherSpec, MetricSpec, ReportSectionSpec, TaskSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_tasks():
    return [
        TaskSpec(
            id="Extended-Pendulum-v0",
            config="extension_pack.task:extended_pendulum",
            agents={"rsl_rl": "genelab_tasks_locomotion.cartpole.agents.rsl_rl:inverted_pendulum_ppo"},
        )
    ]


@hookimpl
def genelab_eval_metrics():
    return [MetricSpec(name="largest_action", metric="extension_pack.metric:LargestAction", higher_is_better=False)]


@hookimpl
def genelab_launchers():
    return [LauncherSpec(name="nice", launcher="extension_pack.launcher:NiceLauncher")]


@hookimpl
def genelab_report_sections():
    return [ReportSectionSpec(name="lucky", section="extension_pack.section:lucky_number")]
