"""`genelab profile`: where a step's time goes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import backend_option, json_option, task_command

if TYPE_CHECKING:
    from rich.table import Table

    from genelab.profiling.measure import ProfileReport


@task_command(short_help="Measure where a step's time goes.")
@click.option("--num-envs", type=click.IntRange(min=1), help="Parallel environments instead of the task's.")
@click.option("--steps", type=click.IntRange(min=5), default=200, show_default=True, help="Control steps to measure.")
@click.option("--training/--no-training", default=True, show_default=True, help="Measure training iterations, too.")
@click.option("--variants", is_flag=True, help="Measure performance_mode and pad_batch the other way, in processes.")
@backend_option
@json_option
def command(
    task: str,
    overrides: list[tuple[str, str]],
    backend: str | None,
    num_envs: int | None,
    steps: int,
    training: bool,
    variants: bool,
    as_json: bool,
) -> None:
    """Measure TASK: Genesis alone, a step of the environment, each manager, a training iteration.

    Genesis alone and the environment advance the same number of physics ticks with the same solver options, in turns
    within one run. Actions are random, so episodes end often.
    """
    from genelab.plugins.tasks import load_task

    load_task(task, backend=backend, overrides=overrides)  # wrong names are found before torch is imported

    from genelab.profiling.measure import profile_task

    report = profile_task(
        task,
        backend=backend,
        num_envs=num_envs,
        steps=steps,
        training=training,
        variants=variants,
        overrides=overrides,
    )
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
        return

    from rich.console import Console

    console = Console()
    console.print(f"{report.task}: {report.num_envs} envs on {report.device}, {report.ticks_per_step} ticks a step")
    console.print(_step_table(report))
    if report.training is not None:
        times = report.training
        rate = f"{times.env_steps_per_s:,.0f} steps/s"
        console.print(f"training with {times.backend}: {times.iteration_s:.3f} s for one of its {times.unit}, {rate}")
        share = f"{times.outside_physics_us:,.0f} of them outside physics"
        console.print(f"  {times.step_us:,.0f} µs a control step of all envs, {share}")
    for name, times in report.variants.items():
        gain = report.times.raw_us / times["raw_us"]
        console.print(
            f"{name}: Genesis alone {times['raw_us']:,.0f} µs ({gain:.2f} × as fast), build {times['build_s']} s"
        )
    console.print(f"build {report.times.build_s:.1f} s, peak memory {report.peak_memory_mib:,.0f} MiB")


def _step_table(report: ProfileReport) -> Table:
    from rich.table import Table

    times = report.times
    table = Table("", "µs", "share of env.step", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("Genesis alone", f"{times.raw_us:,.1f}", f"{times.ratio:.1%}")
    table.add_row("env.step", f"{times.step_us:,.1f}", f"{times.env_steps_per_s:,.0f} steps/s")
    if times.calm_step_us is not None:
        table.add_row("  where no episode ends", f"{times.calm_step_us:,.1f}", "")
    whole = sum(report.parts_us.values())
    for name, microseconds in report.parts_us.items():
        table.add_row(f"  {name}", f"{microseconds:,.1f}", f"{microseconds / whole:.1%}")
    return table
