"""Exported files, written once for each actor and format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sample_actors import EXPORTERS, AwkwardEnv, make_setup

from genelab.export.writing import export_policy

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return a function `(actor, format) -> path` of a file that must not be changed."""
    written: dict[tuple[str, str], Path] = {}

    def write(actor: str, format: str) -> Path:
        if (actor, format) not in written:
            exporter, name = EXPORTERS[format]
            path = tmp_path_factory.mktemp(f"{actor}_{format}") / name
            export_policy(
                make_setup(actor), AwkwardEnv(), path, task="Some-Task-v0", exporter=exporter(), format=format
            )
            written[actor, format] = path
        return written[actor, format]

    return write
