"""`genelab benchmark`: measure a suite of policies, and say whether any is worse than before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genelab.console.options.common import VERDICT_STATUS, hyphens, json_option
from genelab.console.options.processes import launcher_options
from genelab.console.progress import JobLines

if TYPE_CHECKING:
    from genelab.benchmark.running import Benchmark
    from genelab.jobs.launcher import WatchedLauncher


@click.command(
    short_help="Measure a suite of policies.",
    context_settings={"token_normalize_func": hyphens},
    epilog="Exit status: 0 all measured and none worse, 1 a failed entry or a regression, 3 inconclusive, 2 wrong "
    "usage, 130 and 143 after Ctrl-C and SIGTERM.",
)
@click.option(
    "--suite", required=True, type=click.Path(path_type=Path), metavar="FILE", help="What to measure, as JSON."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="benchmark",
    show_default=True,
    help="Folder for benchmark.json and the evaluations; a name in .json is the report's, with the folder beside it.",
)
@click.option(
    "--reference", type=click.Path(path_type=Path), metavar="FILE|DIR", help="Earlier benchmark to compare with."
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=0.1,
    show_default=True,
    help="Accepted loss: of a success rate as it is, of other metrics as a share of the reference's scale, the larger "
    "of |mean| and standard deviation.",
)
@launcher_options
@json_option
@click.option("--force", is_flag=True, help="Measure everything anew, whatever is there.")
def command(
    suite: Path,
    out: Path,
    reference: Path | None,
    tolerance: float,
    parallel: int | None,
    launcher: str | None,
    launcher_option: tuple[tuple[str, str], ...],
    as_json: bool,
    force: bool,
) -> int:
    """Evaluate every entry of a suite in a process of its own and report by task, by group and overall.

    Repeat the command to go on with a benchmark that was stopped: what is measured and unchanged is kept. With
    --reference the episodes of both are paired, and one error rate holds for all entries together.
    """
    from genelab.benchmark.suite import read_suite
    from genelab.jobs.launcher import SubmittingLauncher, make_launcher

    entries = read_suite(suite)
    starter = make_launcher(launcher or "local", dict(launcher_option))

    from genelab.benchmark.reference import open_reference
    from genelab.benchmark.report import complete_report
    from genelab.benchmark.running import open_benchmark, submit_benchmark

    known = None if reference is None else open_reference(reference)
    benchmark = open_benchmark(suite, entries, out, force=force)
    if known is not None:
        known.match(benchmark.entries)
    kept = sum(entry.state == "finished" for entry in benchmark.entries)
    click.echo(f"{len(entries)} entries in {benchmark.folder}, {kept} measured already", err=True)
    if isinstance(starter, SubmittingLauncher):
        click.echo(submit_benchmark(benchmark, starter, parallel=parallel or 1, force=force), err=True)
        click.echo("repeat the command with --launcher local when its jobs have ended: it then reports", err=True)
        return 0
    signum = _run(benchmark, starter, parallel or 1)
    if signum is not None:
        click.echo("stopped; to go on repeat the command", err=True)
        return 128 + signum
    document = complete_report(benchmark, known, tolerance)
    if as_json:
        import json

        click.echo(json.dumps(document, indent=2, allow_nan=False))
    else:
        from genelab.benchmark.table import print_benchmark

        print_benchmark(document, benchmark.report)
    if not document["complete"]:
        return 1
    return VERDICT_STATUS[document.get("verdict", "pass")]


def _run(benchmark: Benchmark, launcher: WatchedLauncher, parallel: int) -> int | None:
    """Run what is left to measure, telling each change of state; returns the signal that stopped it, if one did."""
    from genelab.benchmark.running import run_benchmark
    from genelab.runs.interrupts import Interrupted

    lines = JobLines("evaluations")
    try:
        return run_benchmark(benchmark, launcher, parallel=parallel, show=lines.show, announce=lines.announce).signum
    except Interrupted as stop:
        return stop.signum
