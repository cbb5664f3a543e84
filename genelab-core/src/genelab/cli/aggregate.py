"""`genelab aggregate`: what several seeds, and several tasks, say together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genelab.console.options.common import force_option, hyphens, json_option
from genelab.console.options.processes import Count, launcher_options
from genelab.console.progress import JobLines
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import check_output

if TYPE_CHECKING:
    from genelab.reports.run_groups import RunGroup


@click.command(
    short_help="Take the seeds of tasks together.",
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
def command(
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

    from genelab.reports.aggregation import aggregate_groups, read_scales

    scales = None if normalize is None else read_scales(normalize)
    if curves:
        from genelab.reports.figure import require_matplotlib

        require_matplotlib()
    if evaluate:
        signum = _evaluate(groups, episodes, launcher or "local", dict(launcher_option), parallel or 1)
        if signum is not None:
            click.echo("stopped; to go on repeat the command", err=True)
            return 128 + signum
    document = aggregate_groups(groups, folder=folder, metric=metric, scales=scales)
    for block, group in zip(document["groups"], groups, strict=True):
        block["curves"] = _draw(group, drawings, out.parent) if curves else None
    _show(document, out, as_json)
    return 0


def _show(document: dict[str, Any], out: Path, as_json: bool) -> None:
    import json

    from genelab.utils.files import write_json

    write_json(out, document)
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    from genelab.console.tables.aggregate import print_aggregate

    print_aggregate(document, out)


def _draw(group: RunGroup, drawings: Path, folder: Path) -> str | None:
    """Draw the curves of a group; returns the file, relative to the report's folder, or `None` if there are none."""
    from genelab.reports.figure import write_figure
    from genelab.reports.learning_curves import learning_curves

    axis, panels = learning_curves({f"seed {run.seed}": run.path for run in group.runs})
    if not panels:
        return None
    path = drawings / f"{group.name.replace('/', '_').replace(' ', '_')}.png"
    write_figure(path, group.name, axis, panels)
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
    from genelab.reports.seed_evaluations import missing_evaluations
    from genelab.runs.interrupts import Interrupted

    starter = make_launcher(launcher, options)
    if isinstance(starter, SubmittingLauncher):
        raise UsageError(f"{launcher} does not wait for its jobs", fix="use --launcher local or ray")
    lines = JobLines("evaluations")
    try:
        jobs = missing_evaluations(groups, episodes)
        report = run_jobs(jobs, starter, parallel=parallel, show=lines.show, announce=lines.announce)
    except Interrupted as stop:
        return stop.signum
    if report.signum is None and report.failed:
        run, names = report.failed[0], ", ".join(run.job.name for run in report.failed)
        said = "\n    ".join([f"{run.job.log} ends with", *last_words(run.job.log)])
        raise GenelabError(
            f"{len(report.failed)} of {len(jobs)} evaluations failed: {names}",
            where=f"{describe_status(run.status or 0)}; {said}",
        )
    return report.signum
