"""`genelab export`: write a trained policy as a file that needs no RL library."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from genelab.console.options.common import force_option, task_command
from genelab.plugins.catalog import discovered


class FormatName(click.ParamType):
    """An export format: completed from the catalog, looked up by `export_checkpoint`."""

    name = "format"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        exporters = discovered().exporters
        return [
            CompletionItem(name, help=spec.summary) for name, spec in exporters.items() if name.startswith(incomplete)
        ]


@task_command(
    short_help="Write a policy as TorchScript or ONNX.",
    epilog="The file takes raw observations: scale, clip and normaliser are inside. It gets its name only after it was "
    "loaded again and acted as the checkpoint does over a recorded rollout.",
)
@click.argument("checkpoint", metavar="CKPT")
@click.option(
    "-f",
    "--format",
    type=FormatName(),
    default="torchscript",
    show_default=True,
    help="torchscript, onnx or a plugin's.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write; policy.ts or policy.onnx, by format, if omitted."
)
@click.option("--opset", type=click.IntRange(min=1), help="Version of the ONNX operator set.  [default: 17]")
@click.option("--trust", is_flag=True, help="Let the run's configs name code outside the installed plugins.")
@force_option
def command(
    task: str,
    overrides: list[tuple[str, str]],
    checkpoint: str,
    format: str,
    out: Path | None,
    opset: int | None,
    trust: bool,
    force: bool,
) -> None:
    """Write the actor of CKPT, a checkpoint or run directory of TASK, and a .metadata.json beside it."""
    from genelab.runs.exporting import export_checkpoint

    report = export_checkpoint(
        task,
        checkpoint,
        format=format,
        out=out,
        force=force,
        overrides=overrides,
        trust=trust,
        **({} if opset is None else {"opset": opset}),
    )
    for line in report.differences:
        click.echo(f"note: {line}", err=True)
    metadata = report.metadata
    parity = metadata["parity"]
    click.echo(f"{report.path}: {metadata['obs_dim']} observations -> {metadata['action_dim']} actions")
    click.echo(
        f"acts as the checkpoint does: differs by at most {parity['max_abs_diff']:.1e} over {parity['rows']} "
        f"observations, batch sizes {' and '.join(map(str, parity['batch_sizes']))}"
    )
    click.echo(f"{report.metadata_path}")
