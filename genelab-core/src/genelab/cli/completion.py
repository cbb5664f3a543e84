"""`genelab completion`: the script that makes a shell complete commands, options, task ids and backends."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_INSTALL = {
    "bash": "genelab completion bash > ~/.local/share/bash-completion/completions/genelab",
    "zsh": 'genelab completion zsh > "${fpath[1]}/_genelab"',
    "fish": "genelab completion fish > ~/.config/fish/completions/genelab.fish",
}


@click.command(epilog="Install: " + "; ".join(f"{shell}: {line}" for shell, line in _INSTALL.items()))
@click.argument("shell", type=click.Choice(sorted(_INSTALL)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL."""
    complete = get_completion_class(shell)
    assert complete is not None, shell
    click.echo(complete(ctx.find_root().command, {}, "genelab", "_GENELAB_COMPLETE").source())
