"""The documented home of export: write a trained actor as a file that needs no RL library.

`export_policy` takes what a backend loaded (`InferenceSetup`) and an environment; `genelab.runs.exporting` does the
same for a task id and a checkpoint. The names live in `genelab.export`, a layer above, and are imported on first use.
"""

from genelab.utils.lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Exportable": "genelab.export.exporter:Exportable",
        "Exporter": "genelab.export.exporter:Exporter",
        "export_policy": "genelab.export.writing:export_policy",
    },
)
