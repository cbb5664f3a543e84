"""What `genelab` prints when it is called without arguments."""

from __future__ import annotations

from genelab.plugins.catalog import Catalog


def landing_page(catalog: Catalog) -> str:
    """Return the first commands to try, with a task that is installed here, and counts of what there is."""
    trainable = [name for name, spec in catalog.tasks.items() if spec.agents]
    task = trainable[0] if trainable else "TASK"
    counts = ", ".join(
        f"{len(records)} {kind}{'' if len(records) == 1 else 's'}"
        for kind, records in (
            ("task", catalog.tasks),
            ("backend", catalog.backends),
            ("export format", catalog.exporters),
        )
    )
    lines = [
        f"GeneLab: {counts} from {sum(plugin.status == 'ok' for plugin in catalog.plugins)} plugins",
        "",
        "  genelab list                          what is installed",
        f"  genelab info {task}",
        f"  genelab train {task}",
        f"  genelab play {task} --agent random --headless",
        f"  genelab eval {task} RUN_DIR",
        f"  genelab export {task} RUN_DIR --format onnx",
        "  genelab new my-robot                  a task pack of your own",
        "",
        "genelab --help lists all commands.",
    ]
    return "\n".join(lines)
