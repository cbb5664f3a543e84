"""Evaluations during a training: a second environment beside the training's own, and the best model by its results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from genelab.eval.document import Aggregates, Evaluation
from genelab.plugins.tasks import LoadedTask
from genelab.rl.checkpoint import meta_path, open_checkpoint
from genelab.runs.arena import build_arena, metric_specs
from genelab.runs.eval_request import EvalRequest
from genelab.runs.eval_schedule import EvalPlan, TrainingEvaluation
from genelab.runs.run_dir import BEST_META, EVALUATIONS, RunDir, now
from genelab.runs.source import PolicySource
from genelab.utils.errors import GenelabError
from genelab.utils.files import read_json, write_json, write_text
from genelab.utils.records import to_record
from genelab.utils.seeding import random_state, restore_random_state


class InTrainingEvaluation:
    """Evaluates the policy of a training now and then; `TrainContext.evaluate` of a run.

    The training does not notice: its environment and its random streams stay as they are, so its weights are the same
    with and without evaluations.

    Args:
        plan: When, how and where to evaluate.
        run: The run, whose folder gets `evaluations.jsonl`, `best_model.<suffix>` and `best_model_meta.json`.
        loaded: The task, with its backend and agent.
        announce: Called with a line to show.
        done: Iterations of the run that is continued.

    Attributes:
        reached: Whether the condition held.
    """

    def __init__(
        self,
        plan: EvalPlan,
        run: RunDir,
        loaded: LoadedTask,
        announce: Callable[[str], None],
        done: int = 0,
    ) -> None:
        self.schedule, self.condition, self.run = plan.schedule, plan.condition, run
        self.reached = False
        self._announce = announce
        suffix = loaded.require_backend().checkpoint_suffix
        self._candidate, self._best = run.path / f"eval_model{suffix}", run.path / f"best_model{suffix}"
        self._source = PolicySource("checkpoint", None, run.path, loaded)
        self._last = done
        self._best_score = self._earlier_best()
        self._forget_after(done)
        state = random_state()
        num_envs = self.schedule.num_envs or self.schedule.episodes
        self._arena = build_arena(plan.cfg, metric_specs(), num_envs=num_envs, seed=self.schedule.seed)
        self._request = EvalRequest(task=loaded.spec.id, episodes=self.schedule.episodes, seed=self.schedule.seed)
        restore_random_state(state)

    def _earlier_best(self) -> float | None:
        """Return the score of the best model so far of a run that is continued."""
        known = self.run.path / BEST_META
        return read_json(known)["lower_bound"] if known.exists() and self._best.exists() else None

    def _forget_after(self, iteration: int) -> None:
        """Drop the results of a continuation that was itself abandoned: they will be measured again."""
        path = self.run.path / EVALUATIONS
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            write_text(path, "".join(line for line in lines if json.loads(line)["iteration"] <= iteration))

    def __call__(self, iteration: int, env_steps: int, write: Callable[[Path], None]) -> dict[str, float]:
        """Evaluate if it is time to; see `TrainContext.evaluate`."""
        if iteration // self.schedule.every == self._last // self.schedule.every:
            return {}
        self._last = iteration
        state = random_state()
        try:
            write(self._candidate)
            evaluation = self._evaluate()
            self._record(iteration, env_steps, evaluation)
        finally:
            restore_random_state(state)
            for path in (self._candidate, meta_path(self._candidate)):
                path.unlink(missing_ok=True)
        numbers = {name: evaluation.metrics[name] for name in ("return_mean", "length_mean", "success_rate")}
        return {f"Eval/{name}": value for name, value in numbers.items() if value is not None}

    def _evaluate(self) -> Evaluation:
        source = replace(self._source, file=open_checkpoint(self._candidate))
        policy = source.policy(self._arena.env)
        result = self._arena.measure(policy, self._request)
        evaluation = self._arena.report(result, source, policy, self._request)
        self._arena.build_s = None  # counts once
        return replace(evaluation, checkpoint=None)

    def _record(self, iteration: int, env_steps: int, evaluation: Evaluation) -> None:
        score = evaluation.aggregates.lower_bound()
        self.reached = self.condition is not None and self.condition.holds(evaluation.aggregates)
        better = score is not None and (self._best_score is None or score > self._best_score)
        line = TrainingEvaluation(
            iteration=iteration,
            env_steps=env_steps,
            lower_bound=score,
            best=better,
            evaluated_at=now(),
            metrics=evaluation.metrics,
            aggregates=evaluation.aggregates,
        )
        if better:
            self._best_score = score
            self._keep(iteration, env_steps, evaluation)
        with (self.run.path / EVALUATIONS).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(to_record(line), allow_nan=False) + "\n")
        self._announce(_line(iteration, evaluation.aggregates) + ("  best so far" if better else ""))
        if self.reached:
            self._announce(f"{self.condition} holds: stopping")

    def _keep(self, iteration: int, env_steps: int, evaluation: Evaluation) -> None:
        """Make the evaluated checkpoint the best model; a kill in between leaves a model without its description."""
        for described in (meta_path(self._best), self.run.path / BEST_META):
            described.unlink(missing_ok=True)
        self._candidate.replace(self._best)
        meta_path(self._candidate).replace(meta_path(self._best))
        write_json(
            self.run.path / BEST_META,
            {
                "checkpoint": self._best.name,
                "iteration": iteration,
                "env_steps": env_steps,
                "lower_bound": self._best_score,
                "schedule": asdict(self.schedule),
                "eval": evaluation.to_json(),
            },
        )

    def require_done(self, iteration: int, backend: str) -> None:
        """Raise `GenelabError` if the training reached `iteration` without offering what was to be evaluated."""
        if iteration // self.schedule.every > self._last // self.schedule.every:
            raise GenelabError(f"the backend {backend} does not evaluate during a training", fix="omit --eval-every")

    def close(self) -> None:
        """Free the second environment."""
        self._arena.close()


def _line(iteration: int, made: Aggregates) -> str:
    headline = made.headline_number
    assert headline is not None
    interval = "" if headline.ci is None else f" [{headline.ci.low:.3g}, {headline.ci.high:.3g}]"
    return f"evaluation at {iteration}: {made.headline} {headline.value:.4g}{interval}"
