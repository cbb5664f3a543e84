"""Puts finished episodes where they belong: episode `i` is the `i // num_envs`-th one of slot `i % num_envs`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from genelab.eval.document import Episode
from genelab.eval.episode_curve import CurveMetric, EpisodeCurve
from genelab.eval.metrics import (
    EvalMetric,
    FirstSuccessMetric,
    LengthMetric,
    MaxRewardMetric,
    NotApplicable,
    ReturnMetric,
    SuccessMetric,
    SuccessOnceMetric,
)
from genelab.utils.strata import Bins, bin_counts, bin_labels, bins_of

if TYPE_CHECKING:
    from genelab.envs.vec_env import StepView, VecEnv

CORE_METRICS: dict[str, type[EvalMetric]] = {
    "return": ReturnMetric,
    "length": LengthMetric,
    "success_once": SuccessOnceMetric,
    "success_at_end": SuccessMetric,
    "first_success_step": FirstSuccessMetric,
    "max_reward": MaxRewardMetric,
}
"""What every episode is measured by, whatever else is asked for."""


class EpisodeCollector:
    """Counts a fixed quota of episodes per slot; what a fast slot runs beyond its quota is not counted.

    Args:
        env: Environment in evaluation mode.
        episodes: Number of episodes in all.
        metrics: Further metrics by name; those that raise `NotApplicable` are left out.
        reward_terms: Metrics of single reward terms by name.
        strata: Number of bins, or their names, of each stratum of the balanced plan.

    Attributes:
        count: Episodes counted so far.
        counted_steps: Control steps of these episodes.
    """

    def __init__(
        self,
        env: VecEnv,
        episodes: int,
        metrics: Mapping[str, EvalMetric],
        reward_terms: Mapping[str, EvalMetric],
        strata: Mapping[str, Bins],
    ) -> None:
        self.episodes, self.num_envs = episodes, env.num_envs
        self._counts = bin_counts(strata)
        self._labels = {name: bin_labels(bins) for name, bins in strata.items()}
        self._core = {name: make() for name, make in CORE_METRICS.items()}
        for metric in self._core.values():
            metric.start(env)
        self._metrics = _applicable(metrics, env)
        self._reward_terms = _applicable(reward_terms, env)
        self._all = [*self._core.values(), *self._metrics.values(), *self._reward_terms.values()]
        self._traced = {name: metric for name, metric in self._metrics.items() if isinstance(metric, CurveMetric)}
        self._values = np.full((episodes, len(self._all)), np.nan)
        self._ends: np.ndarray | None = None
        self._end_names: list[str] = []
        self._finished = np.zeros(episodes, dtype=bool)
        self._running = np.arange(env.num_envs)
        self._counted = torch.arange(env.num_envs, device=env.device) < episodes
        self._hashes: list[str | None] = [None] * episodes
        self._draws: dict[str, np.ndarray] = {}
        self.count = 0
        self.counted_steps = 0

    @property
    def metric_names(self) -> list[str]:
        """Names of the further metrics that apply to this environment."""
        return list(self._metrics)

    def begin(self, init_hash: list[str]) -> None:
        """Note the starts of the first episode of each slot."""
        self._note_hashes(dict(enumerate(init_hash)))

    def observe(self, step: StepView) -> None:
        """Take in one control step (a `VecEnv.step_observers` entry)."""
        for metric in self._all:
            metric.update(step)
        for metric in self._traced.values():
            metric.trace(self._counted)

    def curves(self) -> dict[str, EpisodeCurve]:
        """Return the curves along an episode of the metrics that have one."""
        return {name: metric.profile() for name, metric in self._traced.items()}

    def episode_of(self, slot: int) -> int:
        """Return the index of the episode that a slot runs now; beyond the quota it is `episodes` or more."""
        return int(self._running[slot])

    def collect(self, terminated: torch.Tensor, truncated: torch.Tensor, extras: Mapping[str, Any]) -> bool:
        """Read out the envs that finished in this step: one transfer to the host for all of them.

        Args:
            terminated: Bool `(num_envs,)`.
            truncated: Bool `(num_envs,)`.
            extras: Extras of the step.

        Returns:
            Whether any finished.
        """
        ids = (terminated | truncated).nonzero().flatten()
        if len(ids) == 0:
            return False
        ends = {"terminated": terminated, "truncated": truncated, **_optional_ends(extras)}
        if self._ends is None:
            self._end_names = list(ends)
            self._ends = np.zeros((self.episodes, len(ends)), dtype=bool)
        columns = [ids, *(ends[name][ids] for name in self._end_names), *(metric.finish(ids) for metric in self._all)]
        table = torch.stack([column.double() for column in columns], dim=1).cpu().numpy()

        slots = table[:, 0].astype(int)
        episode = self._running[slots]
        self._running[slots] += self.num_envs
        self._counted = torch.as_tensor(self._running < self.episodes, device=self._counted.device)
        counted = episode < self.episodes
        split = 1 + len(self._end_names)
        self._ends[episode[counted]] = table[counted, 1:split] != 0
        self._values[episode[counted]] = table[counted, split:]
        self._finished[episode[counted]] = True
        self.count += int(counted.sum())
        self.counted_steps += int(table[counted, split + list(self._core).index("length")].sum())
        self._note_draws(extras.get("draws", {}), ids, episode, counted)
        self._note_hashes(extras["init_hash"])
        return True

    def rows(self, seed: int) -> list[Episode]:
        """Return one row per counted episode; a value that is not finite is None.

        An episode that ended because the simulation broke has no return and no success, whatever it had until then:
        with negative rewards an early end would look like a good one.

        The row's `seed` is the base seed plus the index, a label; draws depend on both separately.
        """
        return [self._row(int(i), seed) for i in np.flatnonzero(self._finished)]

    def _row(self, i: int, seed: int) -> Episode:
        assert self._ends is not None
        values = [_number(value) for value in self._values[i]]
        core = dict(zip(self._core, values, strict=False))
        end = dict(zip(self._end_names, map(bool, self._ends[i]), strict=True))
        further = values[len(self._core) :]
        broken = end.get("nan_reset", False)
        return {
            "i": i,
            "seed": seed + i,
            "slot": i % self.num_envs,
            "return": None if broken else core["return"],
            "length": int(core["length"] or 0),
            "terminated": end["terminated"],
            "truncated": end["truncated"],
            "end_cause": _end_cause(end),
            "success_once": _flag(core["success_once"], broken),
            "success_at_end": _flag(core["success_at_end"], broken),
            "first_success_step": None if core["first_success_step"] is None else int(core["first_success_step"]),
            "nan_reset": broken,
            "stratum": {name: self._labels[name][found] for name, found in bins_of(i, self._counts).items()},
            "dr": {name: _number(values[i]) for name, values in self._draws.items()},
            "metrics": {
                "max_reward": core["max_reward"],
                **dict(zip(self._metrics, further, strict=False)),
            },
            "reward_terms": dict(zip(self._reward_terms, further[len(self._metrics) :], strict=True)),
            "init_hash": self._hashes[i],
            "video": None,
        }

    def _note_draws(
        self, draws: Mapping[str, torch.Tensor], ids: torch.Tensor, episode: np.ndarray, counted: np.ndarray
    ) -> None:
        """Keep what randomisation drew for the episodes that ended."""
        if not draws:
            return
        table = torch.stack([values[ids] for values in draws.values()]).double().cpu().numpy()
        for name, values in zip(draws, table, strict=True):
            column = self._draws.setdefault(name, np.full(self.episodes, np.nan))
            column[episode[counted]] = values[counted]

    def _note_hashes(self, by_slot: Mapping[int, str]) -> None:
        for slot, init_hash in by_slot.items():
            if self._running[slot] < self.episodes:
                self._hashes[self._running[slot]] = init_hash


def _applicable(metrics: Mapping[str, EvalMetric], env: VecEnv) -> dict[str, EvalMetric]:
    kept: dict[str, EvalMetric] = {}
    for name, metric in metrics.items():
        try:
            metric.start(env)
        except NotApplicable:
            continue
        kept[name] = metric
    return kept


_CAUSE = "cause:"


def _optional_ends(extras: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    ends = {_CAUSE + name: ended for name, ended in extras.get("termination_terms", {}).items()}
    if "nan_reset" in extras:
        ends["nan_reset"] = extras["nan_reset"]
    return ends


def _end_cause(end: Mapping[str, bool]) -> str:
    """Return the names of the termination terms that fired together, or the flags where an env names no terms."""
    causes = [name.removeprefix(_CAUSE) for name, ended in end.items() if ended and name.startswith(_CAUSE)]
    if not causes:
        causes = [name for name in ("nan_reset", "terminated", "truncated") if end.get(name)][:1]
    return "+".join(causes)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _flag(value: float | None, broken: bool) -> bool | None:
    return None if value is None else bool(value) and not broken
