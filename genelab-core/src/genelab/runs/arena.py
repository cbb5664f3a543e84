"""Where policies of one task are evaluated: an environment, the metrics that apply, and the report."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from genelab.api import MetricSpec, Record
from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.plugins.catalog import Catalog, get_catalog
from genelab.plugins.tasks import is_registered
from genelab.runs.provenance import contributors, git_revision, hardware, versions
from genelab.runs.run_dir import RunDir
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.config.task import TaskCfg
    from genelab.envs.vec_env import VecEnv
    from genelab.eval.document import Evaluation, PolicyRecord
    from genelab.eval.policy import Policy
    from genelab.eval.protocol import EpisodeRecorder, EvalResult
    from genelab.eval.report import Subject
    from genelab.runs.eval_request import EvalRequest
    from genelab.runs.source import PolicySource

OWN_COLUMNS = ("return", "length", "success")
"""Metrics of the core's plugin, which every report has in places of their own."""


def measured_config(cfg: TaskCfg, task_id: str, variant: str) -> ManagerBasedRlEnvCfg:
    """Return a copy of the config to evaluate, with a frozen curriculum and full-length episodes.

    Args:
        cfg: The task's configs.
        task_id: Its id, for the message.
        variant: `"env"` or `"eval_env"`.

    Raises:
        UsageError: for a scene without rewards.
    """
    measured = deepcopy(getattr(cfg, variant))
    if not isinstance(measured, ManagerBasedRlEnvCfg):
        raise UsageError(f"{task_id} has no rewards, so there is nothing to evaluate", fix="genelab play")
    measured.curriculum = {}
    measured.random_initial_episode_length = False
    return measured


def metric_specs(names: Iterable[str] | None = None) -> list[MetricSpec]:
    """Return the plugin metrics of these names, of all names for `None`."""
    catalog = get_catalog()
    chosen = catalog.metrics.values() if names is None else [catalog.metric(name) for name in names]
    return [spec for spec in chosen if spec.name not in OWN_COLUMNS]


class Arena:
    """A built environment in which any number of policies can be evaluated.

    Args:
        env: The environment.
        cfg: What it was built from, as `measured_config` returns it.
        specs: The plugin metrics.
        build_s: How long the building took, s.
    """

    def __init__(
        self, env: VecEnv, cfg: ManagerBasedRlEnvCfg, specs: Sequence[MetricSpec], build_s: float | None = None
    ) -> None:
        self.env, self.cfg, self.specs, self.build_s = env, cfg, list(specs), build_s

    def measure(
        self,
        policy: Policy,
        request: EvalRequest,
        *,
        recorder: EpisodeRecorder | None = None,
        on_progress: Callable[[int, int], None] = lambda counted, episodes: None,
    ) -> EvalResult:
        """Run the episodes of `request`; see `genelab.eval.protocol.evaluate_policy`."""
        from genelab.eval.protocol import evaluate_policy
        from genelab.eval.terms import metric_terms, reward_terms

        built = self.env.cfg  # in another simulator without the terms that cannot be computed there
        assert isinstance(built, ManagerBasedRlEnvCfg)
        catalog = get_catalog()
        plugin_metrics = {spec.name: catalog.load(spec, spec.metric)() for spec in self.specs}
        return evaluate_policy(
            self.env,
            policy,
            episodes=request.episodes,
            seed=request.seed,
            metrics={**plugin_metrics, **metric_terms(built)},
            reward_terms=reward_terms(built),
            strata=self.cfg.strata,
            max_steps=request.max_steps,
            recorder=recorder,
            on_progress=on_progress,
        )

    def report(self, result: EvalResult, source: PolicySource, policy: Policy, request: EvalRequest) -> Evaluation:
        """Return the document about `result`, which `policy`, made from `source`, reached when `request` was served."""
        from genelab.eval.report import build_report

        subject = describe_subject(get_catalog(), source, policy, self.cfg, self.specs)
        subject.deterministic, subject.build_s = request.deterministic, self.build_s
        subject.env_config_name = "env" if request.randomized else "eval"
        subject.overrides = [f"{name}={text}" for name, text in request.overrides]
        evaluation = build_report(result, subject)
        evaluation.warnings.extend(
            {"code": "differs_from_run", "message": f"since the training: {line}"} for line in source.differences
        )
        return evaluation

    def close(self) -> None:
        """Free the environment."""
        self.env.close()


def build_arena(
    cfg: ManagerBasedRlEnvCfg, specs: Sequence[MetricSpec], *, num_envs: int, seed: int, render_envs: int = 0
) -> Arena:
    """Build an environment in Genesis to evaluate in.

    Args:
        cfg: The environment, as `measured_config` returns it.
        specs: The plugin metrics.
        num_envs: Parallel envs.
        seed: Seeds the environment before it is built; the episodes follow the seed that `measure` is given.
        render_envs: Number of envs that can be filmed.
    """
    from genelab.envs.make import make_env

    began = time.perf_counter()
    env = make_env(cfg, num_envs=num_envs, seed=seed, render_envs=render_envs)
    return Arena(env, cfg, specs, time.perf_counter() - began)


def describe_subject(
    catalog: Catalog, source: PolicySource, policy: Policy, cfg: ManagerBasedRlEnvCfg, metrics: Sequence[MetricSpec]
) -> Subject:
    """Return the report's account of `policy`, made from `source`, in the environment `cfg`.

    Args:
        catalog: Where the records come from.
        source: What the policy was made from; its configs are what `cfg` was taken from.
        policy: The policy itself.
        cfg: The environment's config.
        metrics: The plugin metrics in use.
    """
    from genelab.eval.aggregates import MetricInfo
    from genelab.eval.report import Subject

    task, backend = source.loaded.spec, source.loaded.backend
    used: list[Record] = [task] if is_registered(task.id) else []
    used += [*([backend] if backend is not None else []), *metrics]
    plugins = contributors(catalog, used)
    return Subject(
        task=task.id,
        checkpoint=None if source.path is None else str(source.path),
        policy=_describe_policy(source, policy),
        env_config=cfg,
        headline=cfg.headline,
        metrics={spec.name: MetricInfo(spec.unit, spec.higher_is_better, spec.outcome) for spec in metrics},
        environment={
            "versions": versions([plugin["distribution"] for plugin in plugins]),
            "hardware": hardware(),
            "plugins": [{"name": plugin["name"], "version": plugin["version"]} for plugin in plugins],
            "git": git_revision(Path.cwd()),
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        },
    )


def _describe_policy(source: PolicySource, policy: Policy) -> PolicyRecord:
    from genelab.eval.document import PolicyRecord

    known = {} if source.file is None else source.file.metadata
    run = None if source.run_dir is None else RunDir(source.run_dir)
    return PolicyRecord(
        kind=policy.kind,
        backend=source.loaded.require_backend().name if policy.kind == "checkpoint" else None,
        sha256=None if source.file is None else source.file.sha256,
        iteration=known.get("iteration"),
        env_steps=known.get("env_steps"),
        train_seed=None if run is None else run.provenance()["seeds"]["agent"],
        run_id=None if run is None else run.path.name,
        recurrent=policy.recurrent,
    )
