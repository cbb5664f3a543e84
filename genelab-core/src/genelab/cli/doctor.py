"""`genelab doctor`: check this installation."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from genelab.console.options.common import json_option


@click.command(short_help="Check this installation.", epilog="Exit status 1 if anything is broken.")
@click.option("--quick", is_flag=True, help="Do not start Genesis (saves about 20 s).")
@json_option
def command(quick: bool, as_json: bool) -> int:
    """Check versions, plugins, device, threads, caches, disk, display, physics and rendering.

    Each finding that is not ok comes with the command that mends it.
    """
    from genelab.doctor.checkup import check_installation

    findings = []
    for finding in check_installation(quick):
        findings.append(finding)
        if not as_json:
            click.echo(f"{finding.status:7}{finding.check:11}{finding.detail}")
            if finding.fix:
                click.echo(f"{'':18}fix: {finding.fix}")
    broken = sum(finding.status == "broken" for finding in findings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        click.echo(f"{broken} broken" if broken else "nothing is broken")
    return 1 if broken else 0
