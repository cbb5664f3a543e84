"""Evaluates any policy of a task and writes `eval.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.api import RunEvent
from genelab.plugins.catalog import get_catalog
from genelab.runs.arena import build_arena, measured_config, metric_specs
from genelab.runs.eval_request import EvalRequest
from genelab.utils.errors import UsageError
from genelab.utils.files import check_output

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv
    from genelab.eval.document import Evaluation
    from genelab.eval.policy import Policy
    from genelab.runs.eval_request import PolicyFunction
    from genelab.runs.source import PolicySource


def evaluate(
    task: str,
    policy: str | Path | PolicyFunction = "zero",
    *,
    episodes: int = 100,
    num_envs: int | None = None,
    seed: int = 0,
    deterministic: bool = True,
    randomized: bool = False,
    overrides: Sequence[tuple[str, str]] = (),
    out: str | Path | None = None,
    video: int = 0,
    metrics: Iterable[str] | None = None,
    max_steps: int | None = None,
    force: bool = False,
    trust: bool = False,
    on_progress: Callable[[int, int], None] = lambda counted, episodes: None,
) -> dict[str, Any]:
    """Run a fixed set of episodes and return the report.

    Args:
        task: Task id.
        policy: A checkpoint, a run directory, an exported file, `"zero"`, `"random"`, `"expert"`, or a function from
            raw observations (dict of tensors `(num_envs, dim)` by group) to actions `(num_envs, action_dim)`.
        episodes: Number of episodes.
        num_envs: Parallel envs; the starts of the episodes do not depend on it. By default one per episode, up to what
            memory holds.
        seed: Base seed: episode `i` starts the same for every policy and number of envs.
        deterministic: `False` acts with the exploration noise of training, which only a checkpoint has.
        randomized: Evaluate in the training environment, with its noise, pushes and randomisation.
        overrides: Pairs of dotted config path and text; `env.` means the environment that is evaluated.
        out: File to write; with `None` nothing is written.
        video: Film the first episodes, this many, into `<out stem>_videos` (`eval_videos` without `out`).
        metrics: Names of plugin metrics to measure; by default all that apply.
        max_steps: Cap on the control steps of the rollout.
        force: Replace existing files.
        trust: Let a run's configs name code outside the installed plugins.
        on_progress: Called with (counted, asked for) whenever episodes finished.

    Returns:
        The document of `genelab/eval/eval.schema.json`, rows included.

    Raises:
        UsageError: for an unknown name, a wrong value, or an existing file.
        GenelabError: for a policy that does not load, has another observation layout or returns broken actions.
        EvalIncomplete: when episodes are missing at the step cap; with `out`, `<out stem>.partial.json` is written.
    """
    request = EvalRequest(
        task=task,
        policy=policy,
        episodes=episodes,
        num_envs=num_envs,
        seed=seed,
        deterministic=deterministic,
        randomized=randomized,
        overrides=overrides,
        out=None if out is None else Path(out),
        video=video,
        metrics=metrics,
        max_steps=max_steps,
        force=force,
        trust=trust,
    )
    return run_evaluation(request, on_progress).to_json()


def run_evaluation(
    request: EvalRequest, on_progress: Callable[[int, int], None] = lambda counted, episodes: None
) -> Evaluation:
    """Do what `evaluate` says."""
    if request.episodes < 1:
        raise UsageError(f"cannot evaluate {request.episodes} episodes", where="--episodes", fix="ask for at least 1")
    for target in [*([request.out] if request.out else []), *([request.videos] if request.video else [])]:
        check_output(target, force=request.force)

    source = open_policy(request)
    cfg = measured_config(source.loaded.cfg, source.loaded.spec.id, request.variant)
    specs = metric_specs(request.metrics)

    from genelab.eval.protocol import EvalIncomplete
    from genelab.eval.recording import EpisodeVideos
    from genelab.eval.report import write_report
    from genelab.runs.capacity import envs_that_fit

    slots = request.num_envs
    if slots is None:
        slots = min(request.episodes, envs_that_fit(cfg.simulation.gpu))
    arena = build_arena(cfg, specs, num_envs=slots, seed=request.seed, render_envs=min(request.video, slots))
    try:
        policy = _make_policy(source, request, arena.env)
        report = partial(arena.report, source=source, policy=policy, request=request)
        with EpisodeVideos(request.videos, request.video) if request.video else nullcontext() as recorder:
            result = arena.measure(policy, request, recorder=recorder, on_progress=on_progress)
    except EvalIncomplete as stopped:
        if request.out is not None:
            write_report(report(stopped.result), request.out.with_name(f"{request.out.stem}.partial.json"))
        raise
    finally:
        arena.close()
    evaluation = report(result)
    if request.out is not None:
        write_report(evaluation, request.out)
    if source.run_dir is not None:
        data = {"metrics": evaluation.metrics, "path": None if request.out is None else str(request.out)}
        get_catalog().notify(RunEvent(kind="eval_done", run_dir=str(source.run_dir), data=data))
    return evaluation


def open_policy(request: EvalRequest) -> PolicySource:
    """Return the policy that is to be evaluated, with the configs that belong to it.

    Raises:
        UsageError: for a policy or an override that makes no sense.
    """
    from genelab.runs.source import open_source

    policy = request.policy
    what = "zero" if callable(policy) else policy
    source = open_source(request.task, what, overrides=request.directed_overrides(), trust=request.trust)
    if not request.deterministic and (callable(policy) or source.kind != "checkpoint"):
        raise UsageError(f"{policy} has no exploration noise to sample", fix="only a checkpoint can act --stochastic")
    return source


def _make_policy(source: PolicySource, request: EvalRequest, env: VecEnv) -> Policy:
    if callable(request.policy):
        from genelab.eval.policy import CallablePolicy

        return CallablePolicy(request.policy, env.action_dim)
    return source.policy(env, request.deterministic, request.seed)
