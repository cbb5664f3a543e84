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
from genelab.utils.errors import UsageError
from genelab.utils.files import check_output

if TYPE_CHECKING:
    import torch

    from genelab.envs.vec_env import Observation, VecEnv
    from genelab.eval.policy import Policy
    from genelab.runs.source import PolicySource

    PolicyFunction = Callable[[Observation], torch.Tensor]


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
    if episodes < 1:
        raise UsageError(f"cannot evaluate {episodes} episodes", where="--episodes", fix="ask for at least 1")
    path = None if out is None else Path(out)
    videos = Path("eval_videos") if path is None else path.with_name(f"{path.stem}_videos")
    for target in [*([path] if path else []), *([videos] if video else [])]:
        check_output(target, force=force)

    variant = "env" if randomized else "eval_env"
    source = _open_source(task, policy, directed(overrides, variant), trust, deterministic)
    cfg = measured_config(source.loaded.cfg, source.loaded.spec.id, variant)
    specs = metric_specs(metrics)

    from genelab.eval.protocol import EvalIncomplete
    from genelab.eval.recording import EpisodeVideos
    from genelab.eval.report import write_report
    from genelab.runs.capacity import envs_that_fit

    slots = min(episodes, envs_that_fit(cfg.simulation.gpu)) if num_envs is None else num_envs
    arena = build_arena(cfg, specs, num_envs=slots, seed=seed, render_envs=min(video, slots))
    try:
        actor = _make_policy(source, policy, arena.env, deterministic, seed)
        report = partial(
            arena.report,
            source=source,
            policy=actor,
            variant=variant,
            deterministic=deterministic,
            overrides=overrides,
        )
        with EpisodeVideos(videos, video) if video else nullcontext() as recorder:
            result = arena.measure(
                actor, episodes=episodes, seed=seed, max_steps=max_steps, recorder=recorder, on_progress=on_progress
            )
    except EvalIncomplete as stopped:
        if path is not None:
            write_report(report(stopped.result), path.with_name(f"{path.stem}.partial.json"))
        raise
    finally:
        arena.close()
    document = report(result)
    if path is not None:
        write_report(document, path)
    if source.run_dir is not None:
        data = {"metrics": document["metrics"], "path": None if path is None else str(path)}
        get_catalog().notify(RunEvent(kind="eval_done", run_dir=str(source.run_dir), data=data))
    return document


def directed(overrides: Sequence[tuple[str, str]], variant: str) -> list[tuple[str, str]]:
    """Point overrides of `env.` at the config that is evaluated, `"env"` or `"eval_env"`.

    Raises:
        UsageError: for an override of another environment config, which would change nothing.
    """
    directed = []
    for name, text in overrides:
        root, _, rest = name.partition(".")
        if root not in ("env", variant, "agent"):
            raise UsageError(
                f"--{name} changes nothing: this evaluation runs the task's {variant}", fix=f"--env.{rest}"
            )
        directed.append((f"{variant}.{rest}" if root == "env" else name, text))
    return directed


def _open_source(
    task: str,
    policy: str | Path | PolicyFunction,
    overrides: list[tuple[str, str]],
    trust: bool,
    deterministic: bool,
) -> PolicySource:
    from genelab.runs.source import open_source

    source = open_source(task, "zero" if callable(policy) else policy, overrides=overrides, trust=trust)
    if not deterministic and (callable(policy) or source.kind != "checkpoint"):
        raise UsageError(f"{policy} has no exploration noise to sample", fix="only a checkpoint can act --stochastic")
    return source


def _make_policy(
    source: PolicySource, policy: str | Path | PolicyFunction, env: VecEnv, deterministic: bool, seed: int
) -> Policy:
    if callable(policy):
        from genelab.eval.policy import CallablePolicy

        return CallablePolicy(policy, env.action_dim)
    return source.policy(env, deterministic, seed)
