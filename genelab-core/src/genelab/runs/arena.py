"""Where policies of one task are evaluated: an environment, the metrics that apply, and the report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from genelab.api import MetricSpec
from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.plugins.catalog import get_catalog
from genelab.utils.errors import UsageError

if TYPE_CHECKING:
    from genelab.config.task import TaskCfg
    from genelab.eval.protocol import EvalResult
    from genelab.rl.policy import Policy
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
        cfg: The environment, as `measured_config` returns it.
        specs: The plugin metrics.
        num_envs: Parallel envs.
        seed: Seeds the environment before it is built; the episodes follow the seed that `measure` is given.
        render_envs: Number of envs that can be filmed.
    """

    def __init__(
        self, cfg: ManagerBasedRlEnvCfg, specs: Sequence[MetricSpec], *, num_envs: int, seed: int, render_envs: int = 0
    ) -> None:
        from genelab.envs.make import make_env

        self.cfg, self.specs = cfg, list(specs)
        began = time.perf_counter()
        self.env = make_env(cfg, num_envs=num_envs, seed=seed, render_envs=render_envs)
        self.build_s: float | None = time.perf_counter() - began

    def measure(self, policy: Policy, *, episodes: int, seed: int, **options: Any) -> EvalResult:
        """Run the episodes; `options` are those of `genelab.eval.protocol.evaluate_policy`."""
        from genelab.eval.protocol import evaluate_policy
        from genelab.eval.terms import metric_terms, reward_terms

        catalog = get_catalog()
        plugin_metrics = {spec.name: catalog.load(spec, spec.metric)() for spec in self.specs}
        return evaluate_policy(
            self.env,
            policy,
            episodes=episodes,
            seed=seed,
            metrics={**plugin_metrics, **metric_terms(self.env.cfg)},
            reward_terms=reward_terms(self.env.cfg),
            strata=self.cfg.strata,
            **options,
        )

    def report(
        self,
        result: EvalResult,
        source: PolicySource,
        policy: Policy,
        *,
        variant: str = "eval_env",
        deterministic: bool = True,
        overrides: Sequence[tuple[str, str]] = (),
    ) -> dict[str, Any]:
        """Return the document of `genelab/eval/eval.schema.json` about `result`, which `policy`, of `source`, reached.

        Args:
            result: What was measured.
            source: Where the policy comes from.
            policy: The policy.
            variant: Which of the task's configs the environment is of.
            deterministic: Whether it acted without the noise of training.
            overrides: Pairs of dotted config path and text that were applied.
        """
        from genelab.eval.report import build_report
        from genelab.runs.subject import describe_subject

        subject = describe_subject(get_catalog(), source, policy, self.cfg, self.specs)
        subject.deterministic, subject.build_s = deterministic, self.build_s
        subject.env_config_name = "env" if variant == "env" else "eval"
        subject.overrides = [f"{name}={text}" for name, text in overrides]
        document = build_report(result, subject)
        document["warnings"] += [
            {"code": "differs_from_run", "message": f"since the training: {line}"} for line in source.differences
        ]
        return document

    def close(self) -> None:
        """Free the environment."""
        self.env.close()
