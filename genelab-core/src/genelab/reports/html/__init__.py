"""One self-contained HTML page about a run, several seeds, or a benchmark: nothing in it is loaded from elsewhere."""
