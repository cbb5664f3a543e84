"""Start frames drawn where episodes fail; see `AdaptiveStartsCfg`."""

from __future__ import annotations

from typing import Any

import torch

from genelab.utils.errors import UsageError
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.tracking.commands import AdaptiveStartsCfg, MotionCommandCfg


class AdaptiveStarts:
    """Levels of failure over the clip.

    Attributes:
        levels: Running mean of the number of failures in each bin at a resampling, `(num_bins,)`.
    """

    def __init__(self, cfg: MotionCommandCfg, clip: MotionClip, env: Any) -> None:
        if env.random.rows.total != env.num_envs:
            raise UsageError(
                "starts drawn by failures need all envs in one process: the others' failures are not known",
                where="commands.<name>.start",
                fix="--env.simulation.shards 1",
            )
        self._cfg, self._last_start = cfg.adaptive or AdaptiveStartsCfg(), clip.num_frames - 2
        self._bin = max(round(self._cfg.bin_s * clip.fps), 1)
        self._bins = self._last_start // self._bin + 1
        self.levels = torch.zeros(self._bins, device=env.device)
        self._kernel = 0.5 ** torch.arange(self._cfg.reach + 1, device=env.device).float()

    def note(self, frame: torch.Tensor, failed: torch.Tensor) -> None:
        """Take in where the envs in `failed`, bool `(num_envs,)`, were."""
        bins = (frame // self._bin).clamp(max=self._bins - 1)
        counts = torch.zeros_like(self.levels).index_add_(0, bins, failed.float())
        memory = self._cfg.memory
        self.levels = memory * self.levels + (1.0 - memory) * counts

    @property
    def probabilities(self) -> torch.Tensor:
        """Of starting in each bin, `(num_bins,)`."""
        smeared = torch.zeros_like(self.levels)
        for back, weight in enumerate(self._kernel[: self._bins]):
            smeared[: self._bins - back] += weight * self.levels[back:]
        total = smeared.sum()
        known = torch.where(total > 0.0, smeared / total.clamp(min=1e-12), 1.0 / self._bins)
        share = self._cfg.uniform_share
        return share / self._bins + (1.0 - share) * known

    def draw(self, share: torch.Tensor) -> torch.Tensor:
        """Return start frames, int64 `(num_envs,)`, from two uniform numbers in [0, 1) per env."""
        edges = self.probabilities.cumsum(dim=0)
        bins = torch.searchsorted(edges, share[:, :1] * edges[-1]).clamp(max=self._bins - 1)[:, 0]
        return (bins * self._bin + (share[:, 1] * self._bin).long()).clamp(max=self._last_start)
