"""The `genelab` command. Each sub-command is one file, imported when it is called."""

from genelab.cli.root import main, root

__all__ = ["main", "root"]
