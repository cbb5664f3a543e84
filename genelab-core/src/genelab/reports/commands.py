"""The commands `genelab report` and `genelab aggregate`."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import force_option, hyphens, json_option
from genelab.console.options.processes import Count, launcher_options
from genelab.console.progress import JobLines
from genelab.utils.errors import GenelabError, UsageError, first_line
from genelab.utils.files import check_output, write_json
from genelab.utils.records import to_record

if TYPE_CHECKING:
    from genelab.reports.aggregation import AggregateReport
    from genelab.reports.run_groups import RunGroup


@click.command(
    "report",
    short_help="Write an HTML page about a run.",
    context_settings={"token_normalize_func": hyphens},
    epilog="Exit status: 0 done, 1 written without a section that could not be made, 2 wrong usage.",
)
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN|FOLDER")
@click.option("--out", type=click.Path(path_type=Path), default="report.html", show_default=True, help="File to write.")
@click.option(
    "--video-mib",
    type=click.FloatRange(min=0),
    default=16.0,
    show_default=True,
    help="Embed videos while they take no more than so many MiB together; the others are linked.",
)
@force_option
def report(run: Path, out: Path, video_mib: float, force: bool) -> int:
    """Write one page: curves, evaluations with intervals, terminations, configuration, provenance and videos.

    RUN is a run directory, a folder of several seeds or tasks, or a benchmark's folder. The page is self-contained: it
    loads nothing from elsewhere, and there are no scripts in it.
    """
    check_output(out, force=force)
    if not run.exists():
        raise UsageError(f"no such run: {run}")
    require_libraries("jinja2", "matplotlib", "tensorboard")
    from genelab.reports.writing import write_html_report

    written = write_html_report(run, out, video_mib=video_mib)
    if written.linked:
        click.echo(f"{written.linked} videos are linked, not embedded: --video-mib {video_mib:g}", err=True)
    for problem in written.problems:
        click.echo(f"error: {problem}", err=True)
    click.echo(f"{out}  ({out.stat().st_size / 2**20:.1f} MiB)")
    return 1 if written.problems else 0


@click.command(
    "aggregate",
    short_help="Summarize the seeds of each task.",
    context_settings={"token_normalize_func": hyphens},
    epilog="Exit status: 0 done, 1 a failed evaluation or evaluations of different things, 2 wrong usage.",
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default="aggregate.json", show_default=True, help="Report.")
@click.option("--metric", help="Measure that tasks are compared by, such as eval/return or train/return.")
@click.option(
    "--normalize",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='What scores 0 and 1 in each task: {"<task>": {"low": 0, "high": 40}}.',
)
@click.option("--eval", "evaluate", is_flag=True, help="First evaluate the runs that have no eval.json.")
@click.option("--episodes", type=Count, help="Episodes of these evaluations; as genelab eval if omitted.")
@click.option("--curves/--no-curves", default=True, show_default=True, help="Draw the curves as PNG.")
@launcher_options
@json_option
@force_option
def aggregate(
    folder: Path,
    out: Path,
    metric: str | None,
    normalize: Path | None,
    evaluate: bool,
    episodes: int | None,
    curves: bool,
    parallel: int | None,
    launcher: str | None,
    launcher_option: tuple[tuple[str, str], ...],
    as_json: bool,
    force: bool,
) -> int:
    """Report points, mean and 95 % t interval over the seeds of each task in FOLDER, and over tasks the IQM.

    FOLDER is what genelab train --seeds made, or holds several such folders. The scores of different tasks are averaged
    only when they are normalised, by --normalize or because they are success rates.
    """
    from genelab.reports.run_groups import find_groups

    drawings = out.with_name(f"{out.stem}_curves")
    for target in (out, *((drawings,) if curves else ())):
        check_output(target, force=force)
    if not evaluate and (episodes, parallel, launcher, launcher_option) != (None, None, None, ()):
        raise UsageError("--episodes, --parallel and --launcher are about evaluations", fix="add --eval")
    groups = find_groups(folder)
    if any(run.has_events() for group in groups for run in group.runs):
        require_libraries("tensorboard")
    if curves:
        require_libraries("matplotlib")

    from genelab.reports.aggregation import aggregate_groups, read_scales

    scales = None if normalize is None else read_scales(normalize)
    if evaluate:
        signum = _evaluate(groups, episodes, launcher or "local", dict(launcher_option), parallel or 1)
        if signum is not None:
            click.echo("stopped; to go on repeat the command", err=True)
            return 128 + signum
    made = aggregate_groups(groups, folder=folder, metric=metric, scales=scales)
    if curves:
        drawn = [_draw(group, drawings, out.parent) for group in groups]
        made = replace(made, groups=[replace(item, curves=path) for item, path in zip(made.groups, drawn, strict=True)])
    document = to_record(made)
    write_json(out, document)
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        _print(made, out)
    return 0


def require_libraries(*names: str) -> None:
    """Raise `UsageError` with the pip command if one of the room's own libraries cannot be imported."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise UsageError(
                f"reports need {name}: {first_line(error)}", fix="pip install 'genelab-core[report]'"
            ) from None


def _print(made: AggregateReport, path: Path) -> None:
    """Print every measure of every group with its interval over seeds and its points, and the score over tasks."""
    from genelab.console.tables.eval import console, escape, table_of
    from genelab.console.tables.text import interval, number

    for group in made.groups:
        seeds = ", ".join(str(run.seed) for run in group.runs)
        title = f"{group.name}  {group.backend or ''}  seeds {seeds}"
        table = table_of(escape(title), "measure", "n", "mean", "95 % t interval", "std", "points")
        for name, measure in group.measures.items():
            points = "  ".join(number(point.value) for point in measure.points)
            cells = (number(measure.mean), interval(measure.interval), number(measure.std), points)
            table.add_row(escape(name), str(measure.n), *cells, style="bold" if name == made.metric else None)
        console().print(table)
        for name, measure in group.measures.items():
            if measure.missing:
                click.echo(f"{name}: unknown of seed {', '.join(map(str, measure.missing))}")
        for warning in group.warnings:
            click.echo(f"warning: {group.name}: {warning}", err=True)
        if group.curves is not None:
            click.echo(f"curves: {path.parent / group.curves}")
    over = made.over_tasks
    if over is not None and over.iqm is None:
        click.echo(f"no score over tasks: {over.why_not}")
    elif over is not None:
        limits = f"[{number(over.interval.low)}, {number(over.interval.high)}]"
        click.echo(f"IQM of {over.metric} over {len(over.scores)} tasks: {number(over.iqm)} {limits}")
    click.echo(str(path))


def _draw(group: RunGroup, drawings: Path, folder: Path) -> str | None:
    """Draw the curves of a group; returns the file, relative to the report's folder, or `None` if there are none."""
    from genelab.reports.curves import learning_curves
    from genelab.reports.figure import write_figure

    panels = learning_curves({f"seed {run.seed}": run for run in group.runs})
    if not panels:
        return None
    path = drawings / f"{group.name.replace('/', '_').replace(' ', '_')}.png"
    write_figure(path, group.name, panels)
    return str(path.relative_to(folder))


def _evaluate(
    groups: list[RunGroup], episodes: int | None, launcher: str, options: dict[str, str], parallel: int
) -> int | None:
    """Make the evaluations that are missing; returns the signal that stopped them, if one did.

    Raises:
        UsageError: for a launcher that does not follow its jobs.
        GenelabError: if one fails.
    """
    from genelab.jobs.jobs import describe_status, last_words, run_jobs
    from genelab.jobs.launcher import SubmittingLauncher, make_launcher
    from genelab.reports.run_groups import missing_evaluations
    from genelab.runs.interrupts import Interrupted

    starter = make_launcher(launcher, options)
    if isinstance(starter, SubmittingLauncher):
        raise UsageError(f"{launcher} does not wait for its jobs", fix="use --launcher local or ray")
    lines = JobLines("evaluations")
    try:
        jobs = missing_evaluations(groups, episodes)
        made = run_jobs(jobs, starter, parallel=parallel, show=lines.show, announce=lines.announce)
    except Interrupted as stop:
        return stop.signum
    if made.signum is None and made.failed:
        run, names = made.failed[0], ", ".join(run.job.name for run in made.failed)
        said = "\n    ".join([f"{run.job.log} ends with", *last_words(run.job.log)])
        raise GenelabError(
            f"{len(made.failed)} of {len(jobs)} evaluations failed: {names}",
            where=f"{describe_status(run.status or 0)}; {said}",
        )
    return made.signum
