"""`genelab profile`: how long Genesis, a step of the environment, its managers and a training iteration take."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genelab.console.options.common import backend_option, json_option, task_command
from genelab.console.tables.text import table
from genelab.plugins.child_process import Child
from genelab.plugins.tasks import LoadedTask, load_task
from genelab.profiling.stopwatch import Stopwatch
from genelab.rl.backends.base import TrainContext, load_backend
from genelab.utils.errors import UsageError
from genelab.utils.lazy import torch

if TYPE_CHECKING:
    from genelab.envs.manager_based_rl_env import ManagerBasedRlEnv
    from genelab.envs.vec_env import VecEnv

SCENE = "scene: Genesis, actuators, state"
ROUNDS = 5
WARM_UP_STEPS = 10
TRAINING_STEPS_PER_ENV = 100

MANAGER_METHODS = {
    "action_manager": ("process", "reset"),
    "observation_manager": ("compute", "reset"),
    "event_manager": ("interval", "reset"),
    "command_manager": ("compute", "reset"),
    "termination_manager": ("compute", "reset"),
    "reward_manager": ("compute", "reset"),
    "curriculum_manager": ("compute",),
    "metric_manager": ("compute", "reset"),
}


@dataclass
class StepTimes:
    """Times of one control step.

    Attributes:
        build_s: Seconds to make the environment and take the first steps.
        raw_us: Genesis alone, with the same ticks and solver options, µs.
        step_us: `env.step` with random actions, µs.
        calm_step_us: Its median over the steps in which no episode ended, µs; `None` if there were none.
        ratio: `raw_us / step_us`: the share of the raw rate that the environment reaches.
        env_steps_per_s: Environment steps per second over all envs.
        resets_per_step: Episodes that ended in a step, on average.
    """

    build_s: float
    raw_us: float
    step_us: float
    calm_step_us: float | None
    ratio: float
    env_steps_per_s: float
    resets_per_step: float


@dataclass
class TrainingTimes:
    """Times of a training iteration.

    Attributes:
        backend: RL library.
        unit: What one iteration is.
        iteration_s: Seconds for one.
        env_steps_per_s: Environment steps per second over all envs, learning included.
        step_us: Time per control step of all envs, learning included, µs.
        outside_physics_us: What of it Genesis alone does not take, µs.
    """

    backend: str
    unit: str
    iteration_s: float
    env_steps_per_s: float
    step_us: float
    outside_physics_us: float


@dataclass
class ProfileReport:
    """What `genelab profile` prints.

    Attributes:
        parts_us: What `env.step` is made of, µs by name; the physics in it is `times.raw_us`.
        training: `None` for a task without agent, or when it was not asked for.
        peak_memory_mib: Largest resident memory of the process.
        variants: Times with other solver set-ups, each in a process of its own, by override.
    """

    task: str
    num_envs: int
    device: str
    ticks_per_step: int
    times: StepTimes
    parts_us: dict[str, float]
    training: TrainingTimes | None
    peak_memory_mib: float = 0.0
    variants: dict[str, dict[str, float]] = field(default_factory=dict)


def measure_task(loaded: LoadedTask, steps: int, *, training: bool) -> ProfileReport:
    """Measure a task's training environment over `steps` control steps, and a training with its agent, if any."""
    env, build_s = _built(loaded)
    times = measure_steps(env, build_s, steps)
    report = ProfileReport(
        task=loaded.spec.id,
        num_envs=env.num_envs,
        device=str(env.device),
        ticks_per_step=loaded.cfg.env.decimation,
        times=times,
        parts_us=measure_parts(env, steps),
        training=measure_training(env, loaded, times.raw_us) if training and loaded.backend is not None else None,
    )
    env.close()
    unit = 1 if sys.platform == "darwin" else 1024
    report.peak_memory_mib = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)
    return report


def measure_variant(
    task_id: str, num_envs: int | None, steps: int, overrides: Sequence[tuple[str, str]]
) -> dict[str, float]:
    """Measure one set-up in this process; see `StepTimes`."""
    env, build_s = _built(_loaded(task_id, num_envs, overrides))
    times = measure_steps(env, build_s, steps)
    return {"build_s": times.build_s, "raw_us": times.raw_us, "step_us": times.step_us}


def _loaded(
    task_id: str, num_envs: int | None, overrides: Sequence[tuple[str, str]], backend: str | None = None
) -> LoadedTask:
    loaded = load_task(task_id, backend=backend, overrides=[(path, text) for path, text in overrides])
    if loaded.spec.kind != "rl":
        raise UsageError(f"{loaded.spec.id} has no rewards to compute", fix="profile a task of kind rl")
    if num_envs is not None:
        loaded.cfg.env.simulation.num_envs = num_envs
    loaded.cfg.env.simulation.shards = 1  # what is measured has to be in this process
    return loaded


def _built(loaded: LoadedTask) -> tuple[ManagerBasedRlEnv, float]:
    """Return the environment, after a few steps, and the seconds that this took."""
    from genelab.envs.make import make_env

    began = time.perf_counter()
    env = make_env(loaded.cfg.env).unwrapped
    env.reset()
    for actions in _random_actions(env, WARM_UP_STEPS):
        env.step(actions)
    env.scene.step_physics()
    return env, time.perf_counter() - began


def measure_steps(env: ManagerBasedRlEnv, build_s: float, steps: int) -> StepTimes:
    """Time Genesis alone and the environment in turns, so that both meet the same state of the machine."""
    clock = Stopwatch(_synchronizer(env.device))
    per_round = max(steps // ROUNDS, 1)
    raw, whole, ended = [], [], 0
    for _ in range(ROUNDS):
        env.reset()
        began = clock.now()
        for _ in range(per_round):
            env.scene.step_physics()
        raw.append((clock.now() - began) / per_round)
        env.reset()
        outcomes = []
        actions = _random_actions(env, per_round)
        began = clock.now()
        for action in actions:
            outcomes.append(env.step(action)[2:4])
        whole.append((clock.now() - began) / per_round)
        ended += sum(int((terminated | truncated).sum()) for terminated, truncated in outcomes)
    raw_s, step_s = statistics.median(raw), statistics.median(whole)
    calm = _calm_steps(env, clock, steps)
    return StepTimes(
        build_s=round(build_s, 3),
        raw_us=round(1e6 * raw_s, 1),
        step_us=round(1e6 * step_s, 1),
        calm_step_us=round(1e6 * statistics.median(calm), 1) if calm else None,
        ratio=round(raw_s / step_s, 3),
        env_steps_per_s=round(env.num_envs / step_s, 1),
        resets_per_step=round(ended / (ROUNDS * per_round), 3),
    )


def _calm_steps(env: ManagerBasedRlEnv, clock: Stopwatch, steps: int) -> list[float]:
    """Return the times of single steps in which no episode ended, s: what a trained policy mostly sees."""
    env.reset()
    calm = []
    for action in _random_actions(env, steps):
        began = clock.now()
        _, _, terminated, truncated, _ = env.step(action)
        elapsed = clock.now() - began
        if not bool((terminated | truncated).any()):
            calm.append(elapsed)
    return calm


def measure_parts(env: ManagerBasedRlEnv, steps: int) -> dict[str, float]:
    """Return what one `env.step` spends where, µs. The watches themselves cost about 1 µs a call."""
    actions = _random_actions(env, steps)
    env.reset()
    with Stopwatch(_synchronizer(env.device)) as watch:
        watch.watch(SCENE, env.scene, "step")
        for manager, methods in MANAGER_METHODS.items():
            for method in methods:
                watch.watch(manager, getattr(env, manager), method)
        began = watch.now()
        for action in actions:
            env.step(action)
        whole = watch.now() - began
    parts = {SCENE: 0.0}
    for region in watch.regions.values():
        if len(region.path) == 1:  # time within another watched method counts there
            parts[region.path[0]] = round(1e6 * region.seconds / steps, 1)
    parts["rest: bookkeeping, entity resets"] = round(1e6 * whole / steps - sum(parts.values()), 1)
    return parts


def measure_training(env: ManagerBasedRlEnv, loaded: LoadedTask, raw_us: float) -> TrainingTimes:
    """Train a few iterations in a temporary folder; the first one is not counted.

    Args:
        env: The environment.
        loaded: The task with its agent.
        raw_us: Time of Genesis alone for a control step, µs.
    """
    spec = loaded.require_backend()
    backend = load_backend(spec)
    agent = loaded.cfg.agent
    marks: list[tuple[float, int, int]] = []
    iterations = max(backend.iterations_for(agent, env.num_envs, TRAINING_STEPS_PER_ENV * env.num_envs), 3)
    with tempfile.TemporaryDirectory(prefix="genelab-") as folder:
        context = TrainContext(
            task_id=loaded.spec.id,
            env=env,
            agent=agent,
            log_dir=Path(folder),
            max_iterations=iterations,
            on_iteration=lambda iteration, env_steps, _: marks.append((time.perf_counter(), iteration, env_steps)),
        )
        backend.train(context)
    (began, first, first_steps), (ended, last, last_steps) = marks[0], marks[-1]
    step_us = 1e6 * (ended - began) * env.num_envs / (last_steps - first_steps)
    return TrainingTimes(
        backend=spec.name,
        unit=backend.iteration_unit,
        iteration_s=round((ended - began) / (last - first), 4),
        env_steps_per_s=round((last_steps - first_steps) / (ended - began), 1),
        step_us=round(step_us, 1),
        outside_physics_us=round(step_us - raw_us, 1),
    )


def _random_actions(env: VecEnv, steps: int) -> torch.Tensor:
    """Return uniform actions in [-1, 1), `(steps, num_envs, action_dim)`, made before the clock runs."""
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(steps, env.num_envs, env.action_dim, generator=generator)
    return (2.0 * draws - 1.0).to(env.device)


def _synchronizer(device: torch.device) -> Any:
    return (lambda: None) if device.type == "cpu" else (lambda: torch.cuda.synchronize(device))


@task_command(short_help="Measure where a step's time goes.")
@click.option("--num-envs", type=click.IntRange(min=1), help="Parallel environments instead of the task's.")
@click.option("--steps", type=click.IntRange(min=5), default=200, show_default=True, help="Control steps to measure.")
@click.option("--training/--no-training", default=True, show_default=True, help="Measure training iterations, too.")
@click.option("--variants", is_flag=True, help="Measure performance_mode and pad_batch the other way, in processes.")
@backend_option
@json_option
def command(
    task: str,
    overrides: list[tuple[str, str]],
    backend: str | None,
    num_envs: int | None,
    steps: int,
    training: bool,
    variants: bool,
    as_json: bool,
) -> None:
    """Measure TASK: Genesis alone, a step of the environment, each manager, a training iteration.

    Genesis alone and the environment advance the same number of physics ticks with the same solver options, in turns
    within one run. Actions are random, so episodes end often.
    """
    loaded = _loaded(task, num_envs, overrides, backend)
    report = measure_task(loaded, steps, training=training)
    for name in ("performance_mode", "pad_batch") if variants else ():
        path, other = f"env.simulation.{name}", str(not getattr(loaded.cfg.env.simulation, name)).lower()
        arguments = {"task_id": task, "num_envs": num_envs, "steps": steps, "overrides": [*overrides, (path, other)]}
        report.variants[f"{path} {other}"] = Child(f"{__name__}:measure_variant", arguments).result()
    click.echo(json.dumps(asdict(report), indent=2) if as_json else _described(report))


def _described(report: ProfileReport) -> str:
    times = report.times
    rows = [
        ["Genesis alone", f"{times.raw_us:,.1f}", f"{times.ratio:.1%}"],
        ["env.step", f"{times.step_us:,.1f}", f"{times.env_steps_per_s:,.0f} steps/s"],
    ]
    if times.calm_step_us is not None:
        rows.append(["  where no episode ends", f"{times.calm_step_us:,.1f}", ""])
    whole = sum(report.parts_us.values())
    rows += [[f"  {name}", f"{part:,.1f}", f"{part / whole:.1%}"] for name, part in report.parts_us.items()]
    lines = [
        f"{report.task}: {report.num_envs} envs on {report.device}, {report.ticks_per_step} ticks a step",
        table(rows, ["", "µs", "share of env.step"], numbers=True),
    ]
    if report.training is not None:
        times = report.training
        rate = f"{times.env_steps_per_s:,.0f} steps/s"
        lines.append(f"training with {times.backend}: {times.iteration_s:.3f} s for one of its {times.unit}, {rate}")
        share = f"{times.outside_physics_us:,.0f} of them outside physics"
        lines.append(f"  {times.step_us:,.0f} µs a control step of all envs, {share}")
    for name, variant in report.variants.items():
        gain = f"Genesis alone {variant['raw_us']:,.0f} µs ({report.times.raw_us / variant['raw_us']:.2f} × as fast)"
        lines.append(f"{name}: {gain}, build {variant['build_s']} s")
    return "\n".join([*lines, f"build {report.times.build_s:.1f} s, peak memory {report.peak_memory_mib:,.0f} MiB"])
