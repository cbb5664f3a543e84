"""A training with one of the library's algorithms: what happens between its rollouts."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.rl.session import Session, all_finite
from genelab.utils.seeding import seed_random_streams
from genelab_backend_sb3.build import build_algorithm
from genelab_backend_sb3.config import Sb3AgentCfg
from genelab_backend_sb3.demonstrations import read_demonstrations, take_in
from genelab_backend_sb3.files import Sb3Files
from genelab_backend_sb3.learner import Sb3Learner
from genelab_backend_sb3.vec_env import Sb3VecEnv

_REPORT_EVERY = 100
"""Control steps between reports of an algorithm with a replay buffer; others report after each rollout."""


class Runner(BaseCallback):
    """Lets the library learn; an iteration is an environment step of one env.

    Python's, numpy's and torch's random streams are seeded with the agent's seed before the networks are made.
    """

    def __init__(self, ctx: TrainContext, agent: Sb3AgentCfg) -> None:
        super().__init__()
        self.ctx, self.agent = ctx, agent
        seed_random_streams(agent.seed)
        self.env = Sb3VecEnv(ctx.env, agent)
        self.algorithm = build_algorithm(agent, self.env)
        acting = (self.algorithm, "_sample_action") if agent.off_policy else (self.algorithm.policy, "forward")
        ctx.watch("policy", *acting)
        ctx.watch("update", self.algorithm, "train")
        self.session = Session(
            ctx,
            Sb3Learner(self.algorithm, agent.algorithm),
            Sb3Files(ctx.log_dir),
            backend="sb3",
            algorithm=agent.algorithm,
            library="stable-baselines3",
            groups=agent.groups,
            metrics=self.env.metrics,
        )
        if ctx.resume is None and agent.demonstrations is not None:
            demonstrations = read_demonstrations(agent.demonstrations, agent, self.env.num_envs)
            take_in(self.algorithm, agent, demonstrations, ctx.env.observation_layout)
        self._report_interval = _REPORT_EVERY * self.env.num_envs if agent.off_policy else 1
        self._reported, self._began = self.session.iteration, perf_counter()

    def train(self) -> TrainResult:
        """Train up to `ctx.max_iterations` environment steps, or until `ctx.should_stop`.

        Raises:
            GenelabError: when actions, observations, rewards or weights are no longer finite.
        """
        self._began = perf_counter()
        budget: Any = self.ctx.max_iterations - self.session.iteration
        with self.session:
            try:
                self.algorithm.learn(budget, callback=self, log_interval=None, reset_num_timesteps=False)
                self.between_rollouts()
            except ValueError:
                # torch refuses to make a normal distribution whose parameters are NaN.
                self._require_finite()
                raise
        return self.session.finish()

    def between_rollouts(self) -> bool:
        """Do what is due after a rollout and its update; return whether to go on."""
        steps = self.algorithm.num_timesteps - self.session.iteration
        if steps:
            self.algorithm.learn_statistics()
            self.session.advance(steps, env_steps=steps)
            since = self.session.iteration - self._reported
            self.session.end_iteration(self._scalars, due=since >= self._report_interval)
        return not self.session.stopped

    def _on_step(self) -> bool:
        return True

    def _scalars(self) -> dict[str, float]:
        """Return the scalars since the last report by TensorBoard tag, after checking that all is finite."""
        steps, values = self.session.iteration, self.algorithm.logger.name_to_value
        losses = {name: float(value) for name, value in values.items()}
        self.algorithm.logger.dump(steps)
        self._require_finite()
        now = perf_counter()
        rate = (steps - self._reported) / (now - self._began)
        self._began, self._reported = now, steps
        return {**losses, "Perf/total_fps": rate, **self.env.metrics.summary()}

    def _require_finite(self) -> None:
        self.session.require_finite(
            {**self.env.finite, "a weight": all_finite(self.algorithm.policy.parameters())},
            moment=f"the steps before {self.session.iteration}",
            fix="lower agent.learning_rate or bound the rewards",
        )
