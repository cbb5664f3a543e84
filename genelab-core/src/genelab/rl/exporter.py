"""The documented home of export: write a trained actor as a file that needs no RL library.

`export_policy` takes what a backend loaded (`InferenceSetup`) and an environment; `genelab.runs.exporting` does the
same for a task id and a checkpoint.
"""

from genelab.export.exporter import Exportable, Exporter
from genelab.export.writing import export_policy

__all__ = ["Exportable", "Exporter", "export_policy"]
