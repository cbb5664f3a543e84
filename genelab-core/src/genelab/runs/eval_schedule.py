"""When and how a training is evaluated, decided and checked before the simulator starts; and what that yields."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.eval.conditions import Condition, parse_condition
from genelab.eval.document import Aggregates
from genelab.plugins.tasks import LoadedTask
from genelab.runs.arena import measured_config, metric_specs
from genelab.runs.run_dir import EVALUATIONS
from genelab.utils.errors import GenelabError
from genelab.utils.files import read_json, write_json
from genelab.utils.records import from_record

FILE = Path("params/evaluation.json")
DEFAULT_EPISODES = 10
DEFAULT_SEED = 1000


@dataclass(frozen=True, kw_only=True)
class EvalSchedule:
    """When and how a training is evaluated.

    Attributes:
        every: Interval in the backend's iterations.
        episodes: Episodes of each evaluation.
        num_envs: Parallel envs; `None` is one per episode.
        seed: Base seed of the episodes. Not the one of final reports: the best model would fit their episodes.
        stop_when: Condition that ends the training, such as `"success_rate>=0.95"`.
    """

    every: int
    episodes: int = DEFAULT_EPISODES
    num_envs: int | None = None
    seed: int = DEFAULT_SEED
    stop_when: str | None = None

    def write(self, run_dir: Path) -> None:
        """Note the schedule in a run's folder, for its continuations."""
        write_json(run_dir / FILE, asdict(self))

    @classmethod
    def of_run(cls, run_dir: Path) -> EvalSchedule | None:
        """Return the schedule of a run; `None` if it had none."""
        path = run_dir / FILE
        return cls(**read_json(path)) if path.exists() else None


@dataclass(frozen=True)
class EvalPlan:
    """A checked schedule.

    Attributes:
        schedule: When and how.
        cfg: The environment to evaluate in.
        condition: `schedule.stop_when`, parsed.
    """

    schedule: EvalSchedule
    cfg: ManagerBasedRlEnvCfg
    condition: Condition | None


@dataclass(frozen=True, kw_only=True)
class TrainingEvaluation:
    """An evaluation during a training: a line of `evaluations.jsonl`.

    Attributes:
        lower_bound: Of the headline, by which models are compared.
        best: Whether the model was better than all before it.
    """

    iteration: int
    env_steps: int
    lower_bound: float | None
    best: bool
    evaluated_at: str
    metrics: dict[str, float | None]
    aggregates: Aggregates


def read_training_evaluations(run_dir: Path) -> list[TrainingEvaluation]:
    """Return what `evaluations.jsonl` of a run holds; a last line that is being written is left out.

    Raises:
        GenelabError: for a line that is no such record.
    """
    path = run_dir / EVALUATIONS
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    try:
        return [from_record(TrainingEvaluation, json.loads(line)) for line in lines if line.endswith("\n")]
    except (TypeError, ValueError) as error:
        raise GenelabError(f"{EVALUATIONS} is damaged: {error}", where=str(path)) from error


def plan_evaluation(schedule: EvalSchedule, loaded: LoadedTask) -> EvalPlan:
    """Check `schedule` against the task.

    Raises:
        UsageError: for a task without rewards, or a condition that makes no sense for it.
    """
    cfg = measured_config(loaded.cfg, loaded.spec.id, "eval_env")
    metrics = ["max_reward", *(spec.name for spec in metric_specs()), *cfg.metrics]
    condition = None
    if schedule.stop_when is not None:
        condition = parse_condition(schedule.stop_when, metrics, schedule.episodes)
    return EvalPlan(schedule, cfg, condition)
