"""Episodes of motion tracking that start more often where earlier ones failed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from genelab.config.base import NonNegativeInt, Positive, Share, configclass
from genelab.managers.term_env import TermEnv
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch
from genelab_tasks_locomotion.motion.clip import MotionClip


@configclass
class AdaptiveStartsCfg:
    """How to start more often where episodes fail.

    Each bin of the clip keeps a level of failure, a running mean of the failures that happened in it. Starts are drawn
    in proportion to that level, smeared over the bins before it, since what goes wrong there was prepared there.

    Attributes:
        bin_s: Length of a bin, s.
        uniform_share: Share of the starts that is drawn uniformly all the same.
        memory: Weight of the past in the running mean, per resampling.
        reach: Number of bins before a failure that share its level, with half the weight a bin.
    """

    bin_s: Positive = 1.0
    uniform_share: Share = 0.1
    memory: Annotated[float, Field(ge=0, lt=1)] = 0.999
    reach: NonNegativeInt = 2


class AdaptiveStarts:
    """Runtime of `AdaptiveStartsCfg`; `None` stands for its defaults.

    Attributes:
        levels: Running mean of the number of failures in each bin at a resampling, `(num_bins,)`.
    """

    def __init__(self, cfg: AdaptiveStartsCfg | None, clip: MotionClip, env: TermEnv) -> None:
        if env.random.rows.total != env.num_envs:
            raise UsageError(
                "starts drawn by failures need all envs in one process: the others' failures are not known",
                where="commands.<name>.start",
                fix="--env.simulation.shards 1",
            )
        self._cfg, self._last_start = cfg or AdaptiveStartsCfg(), clip.num_frames - 2
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
