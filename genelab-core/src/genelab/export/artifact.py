"""An exported file and its metadata, opened and checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.export.metadata import REQUIRED, metadata_path
from genelab.managers.observation_layout import ObservationLayout
from genelab.rl.backends.base import RecurrentSpec
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.files import read_record, sha256_file

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Artifact:
    """An exported policy on disk.

    Attributes:
        path: The file.
        metadata: Content of `<file>.metadata.json`.
        obs_groups: Groups of the flat input, in order.
        obs_dim: Width of the flat input.
        action_dim: Width of the action.
        recurrent: Hidden state, or `None`.
    """

    path: Path
    metadata: dict[str, Any]
    obs_groups: tuple[str, ...]
    obs_dim: int
    action_dim: int
    recurrent: RecurrentSpec | None

    @property
    def sha256(self) -> str:
        """SHA-256 of the file."""
        return self.metadata["sha256"]

    @classmethod
    def open(cls, path: str | Path) -> Artifact:
        """Read the metadata and compare the file with it; nothing of the file is executed.

        Raises:
            UsageError: if the file or its metadata is missing or incomplete.
            GenelabError: if the file's SHA-256 is not the recorded one.
        """
        path = Path(path)
        if not path.is_file():
            raise UsageError(f"no such file: {path}")
        sidecar = metadata_path(path)
        if not sidecar.is_file():
            raise UsageError(
                f"{path.name} has no metadata: {sidecar.name} is missing",
                where=str(path.parent),
                fix="keep the two files together, or write them again with `genelab export`",
            )
        metadata = read_record(sidecar, REQUIRED, fix="write the file again with `genelab export`")
        if sha256_file(path) != metadata["sha256"]:
            raise GenelabError(
                f"{path.name} is not the file that its metadata describes (SHA-256 differs): damaged or replaced",
                where=str(path),
                fix="copy it again, or write it again with `genelab export`",
            )
        spec = metadata["recurrent"]
        recurrent = spec and RecurrentSpec(spec["rnn_type"], spec["rnn_num_layers"], spec["rnn_hidden_dim"])
        return cls(
            path, metadata, tuple(metadata["obs_groups"]), metadata["obs_dim"], metadata["action_dim"], recurrent
        )

    def check_layout(self, layout: ObservationLayout) -> None:
        """Compare with an environment's layout.

        Raises:
            GenelabError: if any group or term that the policy reads differs, with one line for each.
        """
        exported = ObservationLayout.from_json(self.metadata["observation_layout"])
        present = layout.select([name for name in self.obs_groups if name in layout.groups])
        if present.sha256() == self.metadata["observation_layout_sha256"]:
            return
        raise GenelabError(
            "the exported policy was made for other observations (exported against environment):\n    "
            + "\n    ".join(exported.diff(present)),
            where=str(self.path),
            fix="run it in the task, and with the overrides, that it was exported from",
        )

    def check_control_dt(self, control_dt: float) -> None:
        """Compare with an environment's control step, s.

        Raises:
            GenelabError: if the policy was exported with another one.
        """
        if math.isclose(exported := self.metadata["control_dt"], control_dt, rel_tol=1e-6):
            return
        raise GenelabError(
            f"the exported policy acts every {exported:g} s, this environment every {control_dt:g} s",
            where=str(self.path),
            fix="run it in the task, and with the overrides, that it was exported from",
        )

    def load(self) -> Callable[..., tuple[torch.Tensor, ...]]:
        """Load the file with the exporter of its format; see `Exporter.load`.

        Raises:
            UsageError: if no installed plugin knows the format.
            GenelabError: if the file cannot be loaded.
        """
        from genelab.plugins.catalog import get_catalog

        catalog = get_catalog()
        spec = catalog.exporter(self.metadata["format"])
        return catalog.load(spec, spec.exporter)().load(self.path, self.metadata)
