"""A training with one of the library's algorithms: what happens between its rollouts."""

from __future__ import annotations

import secrets
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.rl.checkpoint import require_layout
from genelab.rl.event_log import EventLog
from genelab.rl.finiteness import all_finite, require_finite
from genelab.rl.random_state import seed_random_streams
from genelab.rl.rollout_metrics import with_plain_names
from genelab_backend_sb3 import run_state
from genelab_backend_sb3.archive import read_archive, write_archive
from genelab_backend_sb3.build import build_algorithm
from genelab_backend_sb3.config import Sb3AgentCfg
from genelab_backend_sb3.demonstrations import read_demonstrations, take_in
from genelab_backend_sb3.files import Sb3Files
from genelab_backend_sb3.vec_env import Sb3VecEnv
from genelab_backend_sb3.weights import load_optimizers, load_policy

_REPORT_EVERY = 100
"""Control steps between reports of an algorithm with a replay buffer; others report after each rollout."""


class Runner(BaseCallback):
    """Lets the library learn, and between rollouts logs, saves and stops.

    Python's, numpy's and torch's random streams are seeded with the agent's seed before the networks are made.

    Attributes:
        steps: Environment steps done, over all envs, those of the run that is continued included.
        checkpoint: The last checkpoint, `None` before the first.
        stopped: Whether `ctx.should_stop` ended the training.
    """

    def __init__(self, ctx: TrainContext, agent: Sb3AgentCfg) -> None:
        super().__init__()
        self.ctx, self.agent = ctx, agent
        self.files = Sb3Files(ctx.log_dir)
        seed_random_streams(agent.seed)
        self.env = Sb3VecEnv(ctx.env, agent)
        self.algorithm = build_algorithm(agent, self.env)
        self.steps = 0
        self.checkpoint: Path | None = None
        self.stopped = False
        self._pair = ""  # marks the files of one checkpoint as belonging together
        acting = (self.algorithm, "_sample_action") if agent.off_policy else (self.algorithm.policy, "forward")
        ctx.watch("policy", *acting)
        ctx.watch("update", self.algorithm, "train")
        if ctx.resume is not None:
            self._resume(ctx.resume)
        else:
            self._begin()
        self._reported = self._saved = self.steps
        self._log = EventLog(ctx, self.steps)
        self._report_interval = _REPORT_EVERY * self.env.num_envs if agent.off_policy else 1
        self._began = perf_counter()

    def train(self) -> TrainResult:
        """Train up to `ctx.max_iterations` environment steps, or until `ctx.should_stop`.

        Raises:
            GenelabError: when actions, observations, rewards or weights are no longer finite.
        """
        self._began = perf_counter()
        budget: Any = self.ctx.max_iterations - self.steps
        with self._log:
            try:
                self.algorithm.learn(budget, callback=self, log_interval=None, reset_num_timesteps=False)
                self.between_rollouts()
            except ValueError:
                # torch refuses to make a normal distribution whose parameters are NaN.
                self._require_finite()
                raise
        if not self.stopped:
            self._write_policy(self.files.final)
        assert self.checkpoint is not None  # saved in between_rollouts, or resumed from
        return TrainResult(self.checkpoint, self.steps, self.steps, self.stopped)

    def between_rollouts(self) -> bool:
        """Do what is due after a rollout and its update; return whether to go on."""
        before, self.steps = self.steps, self.algorithm.num_timesteps
        if self.steps == before:
            return True
        self.algorithm.learn_statistics()
        evaluated = self.ctx.evaluate(self.steps, self.steps, self._write_policy)
        finished = self.steps >= self.ctx.max_iterations
        self.stopped = self.ctx.should_stop() and not finished
        interval = self.agent.save_interval
        save = finished or self.stopped or self.steps // interval > self._saved // interval
        if save or evaluated or self.steps - self._reported >= self._report_interval:
            self._report(evaluated)
        if save:
            self._save()
        return not self.stopped

    def _on_step(self) -> bool:
        return True

    def _report(self, evaluated: dict[str, float]) -> None:
        """Log and report what happened since the last time, and what an evaluation found."""
        losses = {name: float(value) for name, value in self.algorithm.logger.name_to_value.items()}
        self.algorithm.logger.dump(self.steps)
        self._require_finite()
        now = perf_counter()
        rate = (self.steps - self._reported) / (now - self._began)
        self._began, self._reported = now, self.steps
        scalars = {**losses, "Perf/total_fps": rate, **self.env.metrics.summary(), **evaluated}
        self._log.write(self.steps, scalars)
        self.ctx.on_iteration(self.steps, self.steps, with_plain_names(scalars))

    def _require_finite(self) -> None:
        require_finite(
            {**self.env.finite, "a weight": all_finite(self.algorithm.policy.parameters())},
            moment=f"the steps before {self.steps}",
            task=self.ctx.task_id,
            checkpoint=self.checkpoint,
            fix="lower agent.learning_rate or bound the rewards",
        )

    def _save(self) -> None:
        """Write a checkpoint and go on from exactly what it holds.

        Whatever happens to the random streams and in the simulator's caches while observers look at the checkpoint (an
        evaluation, say) is undone: a straight run and a continued one are then the same.
        """
        self._pair = secrets.token_hex(8)
        state = run_state.capture(self.env, self.algorithm)
        self.checkpoint = self.files.save_pair(self.steps, self.algorithm, *self._described(), state)
        self._saved = self.steps
        self.ctx.notify("checkpoint_saved", path=str(self.checkpoint), iteration=self.steps, env_steps=self.steps)
        run_state.restore_surroundings(state, self.env)

    def _write_policy(self, path: Path) -> None:
        """Write a checkpoint to act with or to warm-start from, not to continue from."""
        write_archive(path, self.algorithm, *self._described())

    def _described(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what goes into a checkpoint beside the model, and its sidecar."""
        info = {"algorithm": self.agent.algorithm, "env_steps": self.steps, "pair": self._pair}
        given = self.ctx.checkpoint_meta
        meta = {
            "task": self.ctx.task_id,
            "observation_layout": self.env.env.observation_layout.to_json(),
            **given,
            "backend": "sb3",
            "algorithm": self.agent.algorithm,
            "iteration": self.steps,
            "env_steps": self.steps,
            "action_dim": self.env.action_space.shape[0],  # pyright: ignore[reportOptionalSubscript]
            "versions": {**given.get("versions", {}), "stable-baselines3": version("stable-baselines3")},
        }
        return info, meta

    def _begin(self) -> None:
        """Take in what a new run starts from."""
        if self.ctx.warm_start is not None:
            load_policy(self.algorithm.policy, read_archive(self.ctx.warm_start), self.agent.algorithm)
        path = self.agent.demonstrations
        if path is not None:
            demonstrations = read_demonstrations(path, self.agent, self.env.num_envs)
            take_in(self.algorithm, self.agent, demonstrations, self.ctx.env.observation_layout)

    def _resume(self, path: Path) -> None:
        """Continue exactly where `path` was written.

        Raises:
            GenelabError: if its state file is gone, or belongs to another checkpoint.
        """
        self.files.remove_fragments()
        archive = read_archive(path)
        require_layout(path, archive.meta, self.env.env.observation_layout, self.agent.groups)
        steps, pair = archive.info.get("env_steps", 0), archive.info.get("pair")
        state = Sb3Files(path.parent).load_state(path, steps, pair)
        load_policy(self.algorithm.policy, archive, self.agent.algorithm)
        load_optimizers(self.algorithm, archive)
        run_state.restore(state, self.env, self.algorithm)
        self.steps, self.checkpoint, self._pair = steps, path, str(pair)
