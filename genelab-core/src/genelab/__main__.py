"""`python -m genelab` is the `genelab` command."""

from genelab.cli import main

if __name__ == "__main__":
    main()
