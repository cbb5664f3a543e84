"""Reports on what was trained and measured, as a plugin of the core's own distribution."""

from __future__ import annotations

from genelab.api import CommandSpec, ReportSectionSpec, hookimpl

GENELAB_API = "1"


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="aggregate",
            command="genelab.reports.commands:aggregate",
            summary="Summarize the seeds of each task.",
        ),
        CommandSpec(
            name="report", command="genelab.reports.commands:report", summary="Write an HTML page about a run."
        ),
    ]


@hookimpl
def genelab_report_sections() -> list[ReportSectionSpec]:
    return [
        ReportSectionSpec(name=name, section=f"genelab.reports.sections:{name}", order=order, summary=summary)
        for name, order, summary in (
            ("curves", 10, "What was logged during the training."),
            ("evaluations", 20, "Numbers of eval.json with their intervals, and why episodes ended."),
            ("in_training", 30, "Evaluations during the training."),
            ("videos", 40, "Videos, inside the page while they fit."),
            ("configuration", 80, "Configs of the agent and the environments."),
            ("provenance", 90, "Command, versions, machine and source."),
        )
    ]
