"""The policy of an exported file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genelab.eval.policy import checked_actions
from genelab.export.artifact import Artifact
from genelab.rl.hidden_states import HiddenStates
from genelab.rl.policy import flatten_observations
from genelab.utils.errors import GenelabError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.vec_env import Observation
    from genelab.managers.observation_layout import ObservationLayout


class ExportedPolicy:
    """A file written by `genelab export`, run on the CPU by the exporter of its format.

    Args:
        file: The file, whose `<file>.metadata.json` must lie beside it; or what `Artifact.open` made of it.
        layout: The environment's observation layout, which must be the one of the export; `None` checks nothing.

    Raises:
        UsageError: if the file or its metadata is missing or unreadable.
        GenelabError: if the file is not the one that was exported, or the layouts differ.
    """

    kind = "export"

    def __init__(self, file: str | Path | Artifact, layout: ObservationLayout | None = None) -> None:
        self.artifact = file if isinstance(file, Artifact) else Artifact.open(file)
        if layout is not None:
            self.artifact.check_layout(layout)
        self.recurrent = self.artifact.recurrent is not None
        self._states = HiddenStates(self.artifact.recurrent)
        self._act = self.artifact.load()

    def __call__(self, observations: Observation) -> torch.Tensor:
        flat = flatten_observations(observations, self.artifact.obs_groups)
        if flat.shape[1] != self.artifact.obs_dim:
            raise GenelabError(
                f"the exported policy takes {self.artifact.obs_dim} numbers per observation, got {flat.shape[1]}",
                where=str(self.artifact.path),
                fix="run it in the task it was exported from, or export it again",
            )
        with torch.no_grad():
            actions, *states = self._act(flat.cpu(), *self._states.get(flat.shape[0], torch.device("cpu")))
        self._states.put(tuple(states))
        shape = (flat.shape[0], self.artifact.action_dim)
        return checked_actions(actions, shape, self.artifact.path.name).to(flat.device)

    def reset(self, done: torch.Tensor | None = None) -> None:
        self._states.reset(done)
