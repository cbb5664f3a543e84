"""The training loop, from the first step to the last checkpoint."""

from __future__ import annotations

import secrets
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.rl.checkpoint import require_layout, save_checkpoint
from genelab.rl.event_log import EventLog
from genelab.rl.finiteness import all_finite, require_finite
from genelab.rl.random_state import seed_random_streams
from genelab.rl.rollout_metrics import RolloutMetrics, with_plain_names
from genelab_backend_skrl import run_state
from genelab_backend_skrl.build import build_agent
from genelab_backend_skrl.config import SkrlAgentCfg
from genelab_backend_skrl.hindsight import HindsightMemory
from genelab_backend_skrl.vec_env import SkrlVecEnv, spaces_of
from genelab_backend_skrl.weights import PROGRESS, checkpoint_files, load_modules, load_payload

OFF_POLICY_REPORT_STEPS = 24
"""Vector steps between two reports of an algorithm that has no rollouts."""


class Trainer:
    """Trains with one of skrl's agents: act, step, record, update, report, checkpoint.

    Python's, numpy's and torch's random streams are seeded with the agent's seed before the networks are made.

    Attributes:
        timestep: Vector steps done, those of the run that is continued included.
        checkpoint: The last checkpoint, `None` before the first.
    """

    def __init__(self, ctx: TrainContext, cfg: SkrlAgentCfg) -> None:
        self.ctx, self.cfg = ctx, cfg
        self.files = checkpoint_files(ctx.log_dir)
        seed_random_streams(cfg.seed)
        self.env = SkrlVecEnv(ctx.env, cfg.obs_group, cfg.state_group, cfg.clip_actions)
        spaces = spaces_of(ctx.env, cfg.obs_group, cfg.state_group)
        self.agent = build_agent(cfg, spaces, ctx.env.observation_layout, self.env.num_envs)
        self.metrics = RolloutMetrics(self.env.num_envs, self.env.device)
        self.report_steps = cfg.rollouts if cfg.on_policy else OFF_POLICY_REPORT_STEPS
        self.timestep = 0
        self.checkpoint: Path | None = None
        self._finite_rewards = torch.ones((), dtype=torch.bool, device=self.env.device)
        self._seconds = {"collection": 0.0, "learning": 0.0}
        self._reported = 0
        self._pair = ""  # marks the files of one checkpoint as belonging together
        ctx.watch("policy", self.agent, "act")
        ctx.watch("update", self.agent, "update")
        if ctx.resume is not None:
            self._resume(ctx.resume)
        elif ctx.warm_start is not None:
            payload, _ = load_payload(ctx.warm_start, cfg.algorithm)
            load_modules(self.agent, payload, ctx.warm_start, learning=False)

    @property
    def env_steps(self) -> int:
        """Environment steps done, summed over envs."""
        return self.timestep * self.env.num_envs

    def learn(self) -> TrainResult:
        """Train up to `ctx.max_iterations` vector steps, or until `ctx.should_stop`.

        Raises:
            GenelabError: when rewards, losses or weights are no longer finite.
        """
        stopped = False
        with EventLog(self.ctx, self.timestep) as log:
            while self.timestep < self.ctx.max_iterations and not stopped:
                self._step()
                evaluated = self.ctx.evaluate(self.timestep, self.env_steps, self._write_policy)
                finished = self.timestep >= self.ctx.max_iterations
                stopped = self.ctx.should_stop() and not finished
                save = finished or stopped or self.timestep % self.cfg.save_interval == 0
                if save or evaluated or self.timestep % self.report_steps == 0:
                    scalars = self._report() | evaluated
                    log.write(self.timestep, scalars)
                    self.ctx.on_iteration(self.timestep, self.env_steps, with_plain_names(scalars))
                if save:
                    self._save()
        assert self.checkpoint is not None  # saved in the loop, or resumed from
        return TrainResult(self.checkpoint, self.timestep, self.env_steps, stopped)

    def _step(self) -> None:
        """Do one vector step and, when the agent is due, its update."""
        start = perf_counter()
        moment = {"timestep": self.timestep, "timesteps": self.ctx.max_iterations}
        observations, states = self.env.observations, self.env.states
        with torch.no_grad():
            actions, _ = self.agent.act(observations, states, **moment)
            transition = self.env.step(actions)
            done = (transition.terminated | transition.truncated)[:, 0]
            self.metrics.record(transition.rewards[:, 0], done, transition.log)
            self._finite_rewards = self._finite_rewards & transition.rewards.isfinite().all()
            self.agent.record_transition(
                observations=observations,
                states=states,
                actions=actions,
                rewards=transition.rewards,
                next_observations=transition.next_observations,
                next_states=transition.next_states,
                terminated=transition.terminated,
                truncated=transition.truncated,
                infos={},
                **moment,
            )
            if isinstance(self.agent.memory, HindsightMemory):
                self.agent.memory.end_episodes(done)
        collected = perf_counter()
        self.agent.post_interaction(**moment)
        self.timestep += 1
        self._seconds["collection"] += collected - start
        self._seconds["learning"] += perf_counter() - collected

    def _report(self) -> dict[str, float]:
        """Return the scalars since the last report by TensorBoard tag, after checking that all is finite."""
        scalars = self.agent.take_scalars()
        losses = {
            f"the {tag.removeprefix('Loss / ')}": isfinite(value) for tag, value in scalars.items() if "Loss" in tag
        }
        require_finite(
            {"a reward": bool(self._finite_rewards), **losses, "a weight": all_finite(self.agent.weights())},
            moment=f"the {self.timestep - self._reported} vector steps up to {self.timestep}",
            task=self.ctx.task_id,
            checkpoint=self.checkpoint,
            fix="lower agent.learning_rate or bound the rewards",
        )
        steps = (self.timestep - self._reported) * self.env.num_envs
        scalars |= {f"Perf/{name}_time": seconds for name, seconds in self._seconds.items()}
        scalars["Perf/total_fps"] = steps / sum(self._seconds.values())
        self._seconds, self._reported = dict.fromkeys(self._seconds, 0.0), self.timestep
        return {**scalars, **self.metrics.summary()}

    def _save(self) -> None:
        """Write a checkpoint and go on from exactly what it holds.

        Whatever happens to the random streams and in the simulator's caches while observers look at the checkpoint (an
        evaluation, say) is undone: a straight run and a continued one are then the same.
        """
        self._pair = secrets.token_hex(8)
        state = run_state.capture(self.env, self.agent, self.metrics, replay=not self.cfg.on_policy)
        self.checkpoint = self.files.save(self.timestep, *self._described(), state, self._pair)
        self.ctx.notify(
            "checkpoint_saved", path=str(self.checkpoint), iteration=self.timestep, env_steps=self.env_steps
        )
        run_state.restore_surroundings(state, self.env)

    def _write_policy(self, path: Path) -> None:
        """Write a checkpoint to act with or to warm-start from, not to continue from."""
        save_checkpoint(path, *self._described())

    def _described(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return payload and sidecar of a checkpoint."""
        payload = {
            **{name: module.state_dict() for name, module in self.agent.checkpoint_modules.items()},
            PROGRESS: {
                "algorithm": self.cfg.algorithm,
                "timestep": self.timestep,
                "env_steps": self.env_steps,
                "pair": self._pair,
            },
        }
        return payload, self._meta()

    def _meta(self) -> dict[str, Any]:
        given = self.ctx.checkpoint_meta
        return {
            "task": self.ctx.task_id,
            "observation_layout": self.ctx.env.observation_layout.to_json(),
            **given,
            "backend": "skrl",
            "algorithm": self.cfg.algorithm,
            "iteration": self.timestep,
            "env_steps": self.env_steps,
            "action_dim": self.ctx.env.action_dim,
            "versions": {**given.get("versions", {}), "skrl": version("skrl")},
        }

    def _resume(self, path: Path) -> None:
        """Continue exactly where `path` was written.

        Raises:
            GenelabError: if its state file is gone, or belongs to another checkpoint.
        """
        self.files.remove_fragments()
        payload, meta = load_payload(path, self.cfg.algorithm)
        groups = tuple(dict.fromkeys(self.cfg.obs_group + self.cfg.state_group))
        require_layout(path, meta, self.ctx.env.observation_layout, groups)
        progress = payload[PROGRESS]
        files = checkpoint_files(path.parent.parent)
        state = files.load_state(path, progress["timestep"], progress["pair"])
        load_modules(self.agent, payload, path, learning=True)
        run_state.restore(state, self.env, self.agent, self.metrics)
        self.timestep = self._reported = progress["timestep"]
        self.checkpoint = path
