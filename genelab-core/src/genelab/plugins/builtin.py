"""The core's own plugin, registered through the hooks that everybody uses, and the names of its commands."""

from __future__ import annotations

from genelab.api import (
    CommandSpec,
    ExporterSpec,
    LauncherSpec,
    MetricSpec,
    hookimpl,
)

GENELAB_API = "1"

CORE_COMMANDS = (
    CommandSpec(name="list", command="genelab.cli.list:command", summary="Show tasks, backends and the rest."),
    CommandSpec(name="info", command="genelab.cli.info:command", summary="Describe a task and its override paths."),
    CommandSpec(name="train", command="genelab.cli.train:command", summary="Train a policy."),
    CommandSpec(name="play", command="genelab.cli.play:command", summary="Run a task and look at it."),
    CommandSpec(name="eval", command="genelab.cli.eval:command", summary="Measure a policy; writes eval.json."),
    CommandSpec(name="export", command="genelab.cli.export:command", summary="Write a policy as TorchScript or ONNX."),
    CommandSpec(name="compare", command="genelab.cli.compare:command", summary="Compare two evaluations."),
    CommandSpec(
        name="plugins",
        command="genelab.cli.plugins:command",
        summary="Show and check installed plugins.",
        diagnostic=True,
    ),
    CommandSpec(
        name="completion", command="genelab.cli.completion:command", summary="Print shell completion.", diagnostic=True
    ),
)
"""Commands of the kernel. They are not hooked, so that they are there whatever becomes of any plugin."""


@hookimpl
def genelab_exporters() -> list[ExporterSpec]:
    return [
        ExporterSpec(
            format="torchscript",
            exporter="genelab.export.torchscript:TorchScriptExporter",
            suffix=".ts",
            supports=("recurrent",),
            summary="TorchScript; recurrent policies keep their state inside.",
        ),
        ExporterSpec(
            format="onnx",
            exporter="genelab.export.onnx:OnnxExporter",
            suffix=".onnx",
            supports=("recurrent", "dynamic_batch"),
            summary="ONNX; recurrent policies take and return their state.",
        ),
    ]


@hookimpl
def genelab_eval_metrics() -> list[MetricSpec]:
    return [
        MetricSpec(
            name="return",
            metric="genelab.eval.metrics:ReturnMetric",
            higher_is_better=True,
            summary="Sum of the rewards.",
        ),
        MetricSpec(
            name="length",
            metric="genelab.eval.metrics:LengthMetric",
            unit="steps",
            summary="Control steps until the episode ended.",
        ),
        MetricSpec(
            name="success",
            metric="genelab.eval.metrics:SuccessMetric",
            higher_is_better=True,
            summary="1 where the task reports success, else 0.",
        ),
    ]


@hookimpl
def genelab_launchers() -> list[LauncherSpec]:
    return [
        LauncherSpec(
            name="local", launcher="genelab.jobs.local_launcher:LocalLauncher", summary="Processes of this machine."
        ),
    ]
