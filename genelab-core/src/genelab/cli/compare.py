"""`genelab compare`: is one evaluation worse than another?"""

from __future__ import annotations

from pathlib import Path

import click

from genelab.console.options.common import VERDICT_STATUS, json_option
from genelab.utils.errors import UsageError
from genelab.utils.records import to_record


@click.command(
    short_help="Compare two evaluations.",
    epilog="Exit status: 0 pass, 1 fail, 3 inconclusive, 2 wrong usage.",
)
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("candidate", type=click.Path(path_type=Path))
@click.option(
    "--margin",
    type=click.FloatRange(min=0),
    default=0.05,
    show_default=True,
    help="Accepted loss: of a success rate as it is, of other metrics as a share of the reference's scale, the "
    "larger of |mean| and standard deviation.",
)
@click.option("--force", is_flag=True, help="Compare although the protocols differ.")
@json_option
def command(reference: Path, candidate: Path, margin: float, force: bool, as_json: bool) -> int:
    """Say whether CANDIDATE is worse than REFERENCE (two eval.json files) by more than a margin.

    Episodes are paired by index. A metric passes when the lower limit of the gain is above minus the margin, fails when
    the upper limit is below it, and is inconclusive otherwise; Holm's rule covers all metrics together. A metric that
    only REFERENCE has leaves the verdict inconclusive.
    """
    from genelab.eval.comparison import compare, protocol_differences
    from genelab.eval.report import read_report

    first, second = read_report(reference), read_report(candidate)
    differences = protocol_differences(first, second)
    if differences and not force:
        raise UsageError(
            "the two evaluations measure different things:\n    " + "\n    ".join(differences),
            where=f"{reference} against {candidate}",
            fix="evaluate both with the same task, seed, episodes and config, or pass --force",
        )
    for line in differences:
        click.echo(f"warning: {line}", err=True)
    report = compare(first, second, margin=margin)
    if as_json:
        import json

        click.echo(json.dumps(to_record(report), indent=2))
    else:
        from genelab.console.tables.eval import print_comparison

        print_comparison(report)
    return VERDICT_STATUS[report.verdict]
