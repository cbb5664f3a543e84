"""`genelab sim2sim`: run an exported policy in another simulator, and what it prints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from genelab.console.options.common import filled, force_option, json_option, task_command
from genelab.console.options.simulation import Seed
from genelab.console.progress import episode_progress
from genelab.plugins.catalog import discovered
from genelab.sim2sim.documents import MetricDifference, Sim2simReport, Sim2simRequest, Trajectory

_UNITS = {"joint_pos": "rad, m", "joint_vel": "rad/s, m/s", "base_pos": "m", "base_angle": "rad"}


class EngineName(click.ParamType):
    """An engine's name: completed from the catalog, looked up by `genelab.sim2sim.running.sim2sim`."""

    name = "engine"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        engines = discovered().engines
        return [
            CompletionItem(name, help=spec.summary) for name, spec in engines.items() if name.startswith(incomplete)
        ]


@task_command(
    short_help="Run an exported policy in another simulator.",
    epilog="Exit status: 0 when every episode was measured, 1 when a file or the policy is broken, 2 for wrong usage.",
)
@filled(Sim2simRequest, "request")
@click.argument("policy", type=click.Path(path_type=Path))
@click.option("--engine", type=EngineName(), default="mujoco", show_default=True, help="The simulator.")
@click.option("--episodes", type=click.IntRange(min=1), default=100, show_default=True, help="Episodes to measure.")
@click.option("--seed", type=Seed, default=0, show_default=True, help="Base seed of the episodes.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="EVAL.JSON",
    help="Genesis' evaluation of the same file, to report differences from.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default="sim2sim.json", show_default=True, help="File to write."
)
@click.option("--video", type=click.Path(path_type=Path), metavar="FILE.MP4", help="Film the first episode.")
@click.option(
    "--command",
    metavar="TEXT",
    help="Commands instead of the task's own: 'vx=0.5 for 4s; NAME=0,0,0'.",
)
@click.option("--trust", is_flag=True, help="Let the run's configs name code outside the installed plugins.")
@json_option
@force_option
def command(request: Sim2simRequest, as_json: bool) -> None:
    """Run POLICY, a file that `genelab export` wrote, on its robot in another simulator, and score it.

    The robot is driven by the file's metadata alone, as on the real machine; TASK only says where its model lies, where
    episodes begin and end, and what they are worth. Episode i begins as in `genelab eval`.
    """
    from genelab.sim2sim.running import sim2sim

    with episode_progress() as on_progress:
        report = sim2sim(request, on_progress)
    if as_json:
        import json

        click.echo(json.dumps(report.to_json(), indent=2, allow_nan=False))
        return
    assert request.out is not None  # the option has a default
    _print(report, request.out)


def _print(report: Sim2simReport, path: Path) -> None:
    """Print the tables; warnings go to standard error."""
    from genelab.console.tables.eval import print_report

    click.echo(f"{report.policy} in {report.engine['name']} {report.engine['version']}")
    print_report(replace(report.evaluation, warnings=[]), path)
    if report.differences is not None:
        _print_differences(report.differences, report.engine["name"])
    if report.trajectory is not None:
        _print_trajectory(report.trajectory)
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)


def _print_differences(differences: list[MetricDifference], engine: str) -> None:
    from genelab.console.tables.eval import console, table_of
    from genelab.console.tables.text import number

    table = table_of(
        "differences, episode by episode", "metric", "n", "Genesis", engine, "difference", "95 % interval", "largest"
    )
    for row in differences:
        interval = "–" if row.low is None else f"{number(row.low)} … {number(row.high)}"
        numbers = [number(value) for value in (row.reference, row.candidate, row.difference)]
        table.add_row(row.metric, str(row.n), *numbers, interval, number(row.largest))
    console().print(table)


def _print_trajectory(trajectory: Trajectory) -> None:
    from genelab.console.tables.eval import console, table_of
    from genelab.console.tables.text import number

    title = f"the first second from the same states, {trajectory.episodes} episodes: largest difference from Genesis"
    times = list(trajectory.open_loop["joint_pos"].at)
    table = table_of(title, "quantity", "unit", *(f"{time} s" for time in times))
    for drifts, label in ((trajectory.open_loop, "same actions"), (trajectory.closed_loop, "policy in the loop")):
        for name, drift in drifts.items():
            table.add_row(f"{name}, {label}", _UNITS[name], *(number(drift.at[time]["max"]) for time in times))
    console().print(table)
    term, largest = max(trajectory.observations.items(), key=lambda item: item[1])
    click.echo(f"observations in Genesis' own states differ by at most {largest:.1e} ({term})")
