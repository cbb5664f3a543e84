"""When and how a training is evaluated, decided and checked before the simulator starts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.eval.conditions import Condition, parse_condition
from genelab.plugins.tasks import LoadedTask
from genelab.runs.arena import measured_config, metric_specs
from genelab.utils.files import read_json, write_json

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
