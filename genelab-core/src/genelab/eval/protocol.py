"""Runs a policy for a fixed set of episodes and measures each of them.

Taking the first N episodes that finish would over-count short, failed ones. Here each slot has a quota, and what
episode `i` draws follows from the seed and `i` alone, so the rows do not depend on the number of parallel envs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import torch

from genelab.eval.collector import EpisodeCollector
from genelab.eval.document import Episode, EvalWarning
from genelab.eval.episode_curve import EpisodeCurve
from genelab.eval.metrics import EvalMetric
from genelab.eval.policy import checked_actions
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.strata import Bins

if TYPE_CHECKING:
    from genelab.envs.vec_env import StepView, VecEnv
    from genelab.eval.policy import Policy


class EpisodeRecorder(Protocol):
    """What films episodes while they run: see `genelab.eval.recording.EpisodeVideos`."""

    def begin(self, env: VecEnv, episode_of: Callable[[int], int]) -> None: ...

    def observe(self, step: StepView) -> None: ...

    def after_step(self) -> None: ...

    def finish(self) -> dict[int, str]:
        """Return the file of each filmed episode, by episode index, relative to the report."""
        ...


@dataclass
class EvalResult:
    """What was measured, before any statistics.

    Attributes:
        rows: One dict per counted episode, in order of the index.
        episodes: Episodes that were asked for; `len(rows)` of them finished.
        seed: Base seed.
        num_envs: Parallel envs.
        max_episode_steps: The environment's time limit, control steps.
        strata: Number of bins, or their names, by stratum.
        metric_names: Further metrics in the rows.
        steps: Control steps of the rollout.
        wasted_step_fraction: Share of env steps that belong to no counted episode.
        rollout_s: Wall time of the rollout, s.
        curves: By metric, its means along an episode; see `genelab.eval.episode_curve`.
    """

    rows: list[Episode]
    episodes: int
    seed: int
    num_envs: int
    max_episode_steps: int
    strata: dict[str, Bins]
    metric_names: list[str]
    steps: int
    wasted_step_fraction: float
    rollout_s: float
    curves: dict[str, EpisodeCurve] = field(default_factory=dict[str, EpisodeCurve])
    warnings: list[EvalWarning] = field(default_factory=list[EvalWarning])

    @property
    def complete(self) -> bool:
        return len(self.rows) == self.episodes


class EvalIncomplete(GenelabError):
    """Fewer episodes finished than were asked for: the result is partial, and no score."""

    def __init__(self, result: EvalResult) -> None:
        self.result = result
        super().__init__(
            f"only {len(result.rows)} of {result.episodes} episodes finished within {result.steps} control steps",
            fix="raise --max-steps, or give the environment a time limit that ends every episode",
        )


def evaluate_policy(
    env: VecEnv,
    policy: Policy,
    *,
    episodes: int,
    seed: int,
    metrics: Mapping[str, EvalMetric] | None = None,
    reward_terms: Mapping[str, EvalMetric] | None = None,
    strata: Mapping[str, Bins] | None = None,
    max_steps: int | None = None,
    recorder: EpisodeRecorder | None = None,
    on_progress: Callable[[int, int], None] = lambda counted, episodes: None,
) -> EvalResult:
    """Measure `policy` on `episodes` episodes.

    Args:
        env: Any `VecEnv`; it is reset, and left in evaluation mode.
        policy: Raw observations in, actions out.
        episodes: Number of episodes; episode `i` runs on slot `i % num_envs`.
        seed: Base seed of all draws of the environment.
        metrics: Metrics by name beyond return, length and success.
        reward_terms: Metrics of single reward terms by name, reported apart.
        strata: Number of bins, or their names, of each stratum of the balanced plan (`ManagerBasedRlEnvCfg.strata`).
        max_steps: Cap on the control steps of the whole rollout; `None` is what the quota needs at most.
        recorder: Films episodes.
        on_progress: Called with (counted, asked for) whenever episodes finished.

    Raises:
        UsageError: for less than one episode or step.
        GenelabError: when the policy returns actions of another shape, or any that is not finite.
        EvalIncomplete: with the partial result, when episodes are missing at the cap.
    """
    if episodes < 1:
        raise UsageError(f"cannot evaluate {episodes} episodes", where="--episodes", fix="ask for at least 1")
    if max_steps is not None and max_steps < 1:
        raise UsageError(
            f"cannot evaluate within {max_steps} control steps", where="--max-steps", fix="allow at least 1"
        )
    cap = math.ceil(episodes / env.num_envs) * env.max_episode_length + 1
    cap = cap if max_steps is None else min(cap, max_steps)
    action_dim = env.action_dim
    collector = EpisodeCollector(env, episodes, metrics or {}, reward_terms or {}, strata or {})

    started = time.perf_counter()
    with _measured(env, [collector.observe, *([recorder.observe] if recorder else [])]), torch.no_grad():
        observations, extras = env.reset(seed=seed, options={"evaluation": True})
        policy.reset()
        collector.begin(extras["init_hash"])
        if recorder:
            recorder.begin(env, collector.episode_of)
        steps = 0
        while steps < cap and collector.count < episodes:
            actions = checked_actions(
                policy(observations), (env.num_envs, action_dim), f"in control step {steps}, the policy"
            )
            observations, _, terminated, truncated, extras = env.step(actions)
            steps += 1
            if collector.collect(terminated, truncated, extras):
                policy.reset(terminated | truncated)
                on_progress(collector.count, episodes)
            if recorder:
                recorder.after_step()
    rows = collector.rows(seed)
    files = recorder.finish() if recorder else {}
    for row in rows:
        row["video"] = files.get(row["i"])

    result = EvalResult(
        rows=rows,
        episodes=episodes,
        seed=seed,
        num_envs=env.num_envs,
        max_episode_steps=env.max_episode_length,
        strata=dict(strata or {}),
        metric_names=collector.metric_names,
        steps=steps,
        wasted_step_fraction=1.0 - collector.counted_steps / (steps * env.num_envs),
        rollout_s=time.perf_counter() - started,
        curves=collector.curves(),
    )
    result.warnings = _warnings(result)
    if not result.complete:
        raise EvalIncomplete(result)
    return result


@contextmanager
def _measured(env: VecEnv, observers: list[Callable[[StepView], None]]) -> Generator[None]:
    """Have the environment return raw observations and call the observers, for as long as the block runs."""
    raw_before, observers_before = env.raw_observations, list(env.step_observers)
    env.raw_observations = True
    env.step_observers = [*observers_before, *observers]
    try:
        yield
    finally:
        env.raw_observations, env.step_observers = raw_before, observers_before


def _warnings(result: EvalResult) -> list[EvalWarning]:
    found: list[tuple[str, str]] = []
    if not result.complete:
        missing = result.episodes - len(result.rows)
        found.append(("incomplete", f"{missing} of {result.episodes} episodes did not finish: this is no score"))
    broken = sum(row["return"] is None for row in result.rows)
    if broken:
        found.append(("non_finite_return", f"{broken} episodes have a return that is not finite: null, in no average"))
    resets = sum(row["nan_reset"] for row in result.rows)
    if resets:
        found.append(("nan_reset", f"{resets} episodes ended because the simulation went non-finite"))
    if len(result.rows) < 30:
        found.append(("few_episodes", f"{len(result.rows)} episodes: intervals are wide"))
    return [{"code": code, "message": message} for code, message in found]
