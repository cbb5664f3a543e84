"""Train a task: a run directory, an environment, the backend, and a way to stop and go on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from genelab.api import RunEvent
from genelab.plugins.catalog import get_catalog
from genelab.rl.backends.base import TrainContext
from genelab.rl.distributed import World, joined
from genelab.runs.extensions import Extensions, Loop, default_extensions
from genelab.runs.interrupts import Interrupted, StopSignals
from genelab.runs.plan import TrainPlan, TrainRequest, plan_training
from genelab.runs.progress import ProgressFile, TrainingProgress
from genelab.runs.provenance import provenance
from genelab.runs.ranks import pin_gpu
from genelab.runs.run_dir import RunDir, claim_run_dir, create_run_dir, now
from genelab.runs.run_lock import RunLock
from genelab.utils.errors import GenelabError

if TYPE_CHECKING:
    from genelab.config.env import ManagerBasedEnvCfg
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.backends.base import TrainResult

OnIteration = Callable[[int, int, dict[str, float]], None]


@dataclass
class TrainReport:
    """How a training ended.

    Attributes:
        run_dir: The run's folder.
        result: What the backend returned.
        signum: The signal that stopped it; `None` when it used up its budget.
    """

    run_dir: Path
    result: TrainResult
    signum: int | None


class TrainingInterrupted(Interrupted):
    """A signal ended the training at once; the run can be resumed from its last checkpoint.

    Attributes:
        run_dir: The run's folder.
    """

    def __init__(self, signum: int, run_dir: Path) -> None:
        super().__init__(signum)
        self.run_dir = run_dir


def train(
    request: TrainRequest, *, console: Console | None = None, extensions: Extensions | None = None
) -> TrainReport:
    """Train until the budget is used up or a signal asks to stop; either way the last checkpoint is on disk.

    Args:
        request: What to train.
        console: Where progress is shown; `None` for nowhere.
        extensions: What plugins add; `None` for what they add without being asked.

    Raises:
        UsageError: for a request that cannot be served, before the simulator starts.
        GenelabError: when the training fails.
        TrainingInterrupted: for a signal while the scene is built, or for the second signal.
        LostPeerError: in one of several ranks, when another one ends.
    """
    world = World.from_environment()
    pin_gpu(world)
    plan = plan_training(request)
    extensions = extensions or default_extensions("train")
    progress = TrainingProgress(console if console is not None and world.is_main else Console(quiet=True))
    signals = StopSignals(lambda signum: progress.message("stopping after this iteration; once more aborts at once"))
    with ExitStack() as stack:
        stack.enter_context(signals)
        stack.enter_context(joined(world))
        run = plan.run or _shared_run(plan, request, world)
        if world.is_main:
            stack.enter_context(RunLock(run.path))
            _record_start(run, plan)
        world.barrier()  # the others read what was recorded
        stack.enter_context(progress)
        try:
            result = _train_in(run, plan, progress, signals, world, extensions)
            if world.is_main:
                left = result.iteration < plan.loaded.cfg.agent.max_iterations
                _record_end(run, result, interrupted=signals.requested() and left)
        except BaseException as error:
            if world.is_main:
                _record_failure(run, error)
            if isinstance(error, Interrupted):
                raise TrainingInterrupted(error.signum, run.path) from error
            raise
    return TrainReport(run.path, result, signals.signum if result.stopped else None)


def _shared_run(plan: TrainPlan, request: TrainRequest, world: World) -> RunDir:
    """Return a new run directory, made by rank 0."""
    path = str(new_run(plan, request)) if world.is_main else None
    return RunDir(Path(world.gather(path)[0]))


def new_run(plan: TrainPlan, request: TrainRequest) -> RunDir:
    """Make the directory of a new run: the one that the request names, or one below `logs/`."""
    if request.log_dir is not None:
        return claim_run_dir(request.log_dir)
    agent = plan.loaded.cfg.agent
    return create_run_dir(plan.spec.name, agent.experiment_name, agent.run_name)


def _record_start(run: RunDir, plan: TrainPlan) -> None:
    """Write what rebuilds the run and where it came from; a continuation is added to the record of the first start."""
    cfg = plan.loaded.cfg
    seeds = {"env": cfg.env.seed, "agent": cfg.agent.seed}
    origin = provenance(get_catalog(), plan.loaded.spec, plan.spec, seeds=seeds)
    if plan.warm_start is not None:
        origin["warm_start"] = str(plan.warm_start)
    if plan.run is not None:
        first = run.provenance()
        origin["checkpoint"] = None if plan.resume is None else plan.resume.name
        origin = {**first, "resumed": [*first.get("resumed", []), origin]}
    run.write_params(cfg, plan.spec.name)
    if plan.evaluation is not None:
        plan.evaluation.schedule.write(run.path)
    run.write_provenance(origin)
    run.write_status("running", started_at=now(), error=None)


def _record_end(run: RunDir, result: TrainResult, *, interrupted: bool) -> None:
    status = "stopped" if interrupted else "finished"
    run.write_status(status, checkpoint=result.checkpoint.name, iteration=result.iteration, env_steps=result.env_steps)
    _notify(run, "run_finished", status=status, iteration=result.iteration, env_steps=result.env_steps)


def _record_failure(run: RunDir, error: BaseException) -> None:
    """Record how the run ended; where even that cannot be written, the first error stays the one that is reported."""
    status = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
    try:
        run.write_status(status, error=str(error) or type(error).__name__)
    except GenelabError as second:
        error.add_note(f"status.json could not be written either: {second}")
    _notify(run, "run_finished", status=status)


def _train_in(
    run: RunDir,
    plan: TrainPlan,
    progress: TrainingProgress,
    signals: StopSignals,
    world: World,
    extensions: Extensions,
) -> TrainResult:
    from genelab.rl.checkpoint import read_meta
    from genelab.runs.in_training_eval import InTrainingEvaluation

    cfg = plan.loaded.cfg
    progress.message(f"{plan.loaded.spec.id} with {plan.spec.name} in {run.path}")
    with ExitStack() as stack:
        env = _make_env(cfg.env, run, world)
        stack.callback(env.close)
        ranks = f"{world.size} ranks, each " if world.size > 1 else ""
        progress.message(f"{ranks}{env.num_envs} envs on {env.device}")
        progress_file = ProgressFile(run.path, cfg.agent.max_iterations, plan.backend.iteration_unit)
        context = TrainContext(
            task_id=plan.loaded.spec.id,
            env=env,
            agent=cfg.agent,
            log_dir=run.path,
            max_iterations=cfg.agent.max_iterations,
            warm_start=plan.warm_start,
            resume=plan.resume,
            should_stop=signals.requested,
            checkpoint_meta=_checkpoint_meta(run, plan, env),
            world=world,
        )
        if world.is_main:
            context.notify = _Reporter(run)
            context.on_iteration = _on_iteration(progress.update, progress_file.update, extensions.after_step)
            context.watch = extensions.watch
            loop = Loop("train", plan.loaded.spec.id, env, run.path, progress.message)
            stack.enter_context(extensions.around(loop))
        evaluation = None
        if plan.evaluation is not None and world.is_main:
            done = 0 if plan.resume is None else read_meta(plan.resume)["iteration"]
            evaluation = InTrainingEvaluation(plan.evaluation, run, plan.loaded, progress.message, done)
            stack.callback(evaluation.close)
            context.evaluate = evaluation
            context.should_stop = lambda: signals.requested() or evaluation.reached
        if world.is_main:
            _notify(run, "run_started", task=plan.loaded.spec.id, backend=plan.spec.name)
        progress.begin(cfg.agent.max_iterations, plan.backend.iteration_unit)
        signals.graceful = True
        try:
            result = plan.backend.train(context)
        finally:
            signals.graceful = False
        progress_file.write()
        if evaluation is not None:
            evaluation.require_done(result.iteration, plan.spec.name)
        return result


def _make_env(cfg: ManagerBasedEnvCfg, run: RunDir, world: World) -> VecEnv:
    """Build the environment, or this rank's share of it with a seed of its own."""
    from genelab.envs.make import make_env

    if world.size == 1:
        return make_env(cfg, dump_dir=run.path)
    return make_env(
        cfg,
        num_envs=cfg.simulation.num_envs // world.size,
        seed=world.seed(cfg.seed),
        dump_dir=run.path if world.is_main else None,
    )


def _on_iteration(*told: OnIteration) -> OnIteration:
    """Return `TrainContext.on_iteration` for several that want to know how far the run is."""

    def tell(iteration: int, env_steps: int, scalars: dict[str, float]) -> None:
        for call in told:
            call(iteration, env_steps, scalars)

    return tell


def _checkpoint_meta(run: RunDir, plan: TrainPlan, env: VecEnv) -> dict[str, Any]:
    origin = run.provenance()
    return {
        "task": plan.loaded.spec.id,
        "observation_layout": env.observation_layout.to_json(),
        "observation_layout_sha256": env.observation_layout.sha256(),
        "action_dim": env.action_dim,
        "versions": origin["versions"],
        "plugins": origin["plugins"],
        **({"ranks": plan.ranks} if plan.ranks > 1 else {}),
    }


class _Reporter:
    """`TrainContext.notify` of one run: status.json first, then the observers."""

    def __init__(self, run: RunDir) -> None:
        self._run = run

    def __call__(self, kind: str, **data: Any) -> None:
        if kind == "checkpoint_saved":
            known = {key: data[key] for key in ("iteration", "env_steps") if key in data}
            self._run.write_status("running", checkpoint=Path(data["path"]).name, **known)
        _notify(self._run, kind, **data)


def _notify(run: RunDir, kind: str, **data: Any) -> None:
    get_catalog().notify(RunEvent(kind=kind, run_dir=str(run.path), data=data))
