"""What a training will do, decided and checked before the simulator starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genelab.api import BackendSpec
from genelab.plugins.tasks import LoadedTask, load_task
from genelab.rl.backends.base import Backend, load_backend
from genelab.rl.remote_logs import require_logger
from genelab.runs.capacity import require_room
from genelab.runs.eval_schedule import EvalPlan, EvalSchedule, plan_evaluation
from genelab.runs.ranks import check_ranks, check_same_ranks
from genelab.runs.run_dir import RunDir, load_run, newest_checkpoint, open_run_dir, run_dir_of
from genelab.utils.errors import UsageError
from genelab.utils.names import normalize


@dataclass(kw_only=True)
class TrainRequest:
    """What to train and how; `None` leaves the task's own value.

    Attributes:
        task_id: The task.
        backend: RL library; `None` for the task's default.
        overrides: Dotted config overrides, as (path, text).
        max_iterations: Budget in the backend's unit.
        total_steps: Budget in environment steps over all envs, instead of `max_iterations`.
        log_dir: Run directory; `None` makes one below `logs/`.
        checkpoint: Warm start: weights to begin with, a file or a run directory.
        resume: Run directory to continue in place.
        evaluation: Evaluations during the training; a continued run keeps its own unless it is given others.
        ranks: Processes that train together, each with its share of the envs.
    """

    task_id: str
    backend: str | None = None
    overrides: Sequence[tuple[str, str]] = field(default_factory=list)
    max_iterations: int | None = None
    total_steps: int | None = None
    log_dir: Path | None = None
    checkpoint: Path | None = None
    resume: Path | None = None
    evaluation: EvalSchedule | None = None
    ranks: int = 1


@dataclass
class TrainPlan:
    """A checked request.

    Attributes:
        loaded: The task with its final configs.
        spec: The backend's record.
        backend: The backend.
        run: The run to continue; `None` for a new one.
        resume: Checkpoint to continue from; `None` to begin at iteration 0.
        warm_start: Checkpoint whose weights to begin with.
        evaluation: Evaluations during the training; `None` for none.
        ranks: Processes that train together.
    """

    loaded: LoadedTask
    spec: BackendSpec
    backend: Backend
    run: RunDir | None = None
    resume: Path | None = None
    warm_start: Path | None = None
    evaluation: EvalPlan | None = None
    ranks: int = 1


def plan_training(request: TrainRequest) -> TrainPlan:
    """Load what `request` names and check all that can be checked without the simulator.

    Raises:
        UsageError: with the reason, for a request that cannot be served.
    """
    if request.max_iterations is not None and request.total_steps is not None:
        raise UsageError("--max-iterations and --total-steps both set the budget", fix="give one of them")
    plan = _plan_resume(request, request.resume) if request.resume is not None else _plan_new(request)
    agent, num_envs = plan.loaded.cfg.agent, plan.loaded.cfg.env.simulation.num_envs
    if request.total_steps is not None:
        agent.max_iterations = plan.backend.iterations_for(agent, num_envs, request.total_steps)
    elif request.max_iterations is not None:
        agent.max_iterations = request.max_iterations
    plan.ranks = request.ranks
    check_ranks(request.ranks, plan.spec, num_envs)
    require_room(num_envs // request.ranks, plan.loaded.cfg.env.simulation.gpu)
    require_logger(agent.logger)
    plan.backend.validate(agent, num_envs // request.ranks, plan.loaded.cfg.env)
    schedule = request.evaluation or (EvalSchedule.of_run(plan.run.path) if plan.run is not None else None)
    if schedule is not None:
        plan.evaluation = plan_evaluation(schedule, plan.loaded)
    if plan.resume is not None:
        _check_checkpoint(plan.resume)
        check_same_ranks(request.ranks, plan.resume)
        _check_budget_left(plan.resume, agent.max_iterations, plan.backend.iteration_unit)
    return plan


def _plan_new(request: TrainRequest) -> TrainPlan:
    loaded = load_task(request.task_id, backend=request.backend, overrides=list(request.overrides))
    if loaded.spec.kind == "playback":
        raise UsageError(f"{loaded.spec.id} is not trainable: it is a scene without rewards", fix="genelab play")
    spec = loaded.require_backend()
    backend = load_backend(spec)
    warm_start = request.checkpoint
    if warm_start is not None and not warm_start.is_file():
        warm_start = newest_checkpoint(backend, open_run_dir(warm_start))
    if warm_start is not None:
        _check_checkpoint(warm_start)
    return TrainPlan(loaded, spec, backend, warm_start=warm_start)


def _plan_resume(request: TrainRequest, path: Path) -> TrainPlan:
    changed = {
        "--checkpoint": request.checkpoint is not None,
        "--log-dir": request.log_dir is not None,
        **{f"--{name}": True for name, _ in request.overrides},
    }
    refused = [option for option, given in changed.items() if given]
    if refused:
        raise UsageError(
            f"--resume continues a run as it was; it cannot change {', '.join(refused)}",
            fix=f"to begin a new run with these weights: --checkpoint {path}",
        )
    inside = run_dir_of(path) if path.is_file() else None
    if inside is not None:
        raise UsageError(
            f"--resume takes a run directory and continues its last checkpoint, not {path.name}",
            fix=f"--resume {inside}, or begin a new run with these weights: --checkpoint {path}",
        )
    run = open_run_dir(path)
    loaded = load_run(run, request.task_id)
    spec = loaded.require_backend()
    if request.backend is not None and normalize(request.backend) != normalize(spec.name):
        raise UsageError(f"{path} was trained with {spec.name}, not {request.backend}")
    backend = load_backend(spec)
    checkpoints = backend.checkpoints(run.path)
    if not checkpoints:
        return TrainPlan(loaded, spec, backend, run=run, warm_start=_first_weights(run))
    return TrainPlan(loaded, spec, backend, run=run, resume=checkpoints[-1])


def _first_weights(run: RunDir) -> Path | None:
    """Return the weights that a run without a checkpoint began with, which it begins with again; `None` for none.

    Raises:
        UsageError: if they are gone.
    """
    recorded = run.provenance().get("warm_start")
    if recorded is None:
        return None
    weights = Path(recorded)
    if not weights.is_file():
        raise UsageError(
            f"{run} holds no checkpoint, and the weights that it began with are gone: {weights}",
            fix="call it from the folder where the run was begun, or begin a new one with --checkpoint",
        )
    _check_checkpoint(weights)
    return weights


def _check_checkpoint(path: Path) -> None:
    """Refuse a checkpoint that is not as it was written, before the simulator starts."""
    from genelab.rl.checkpoint import open_checkpoint

    open_checkpoint(path)


def _check_budget_left(checkpoint: Path, max_iterations: int, unit: str) -> None:
    from genelab.rl.checkpoint import read_meta

    done = read_meta(checkpoint).get("iteration", 0)
    if done >= max_iterations:
        raise UsageError(
            f"nothing is left to do: {checkpoint.name} is at {done} of {max_iterations} {unit}",
            fix=f"ask for more: --max-iterations {done + max_iterations}",
        )
