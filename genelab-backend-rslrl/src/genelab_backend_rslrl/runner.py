"""The training loop, from the first rollout to the last checkpoint."""

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
from genelab.rl.distributed import collective
from genelab.rl.event_log import EventLog
from genelab.rl.finiteness import all_finite, require_finite
from genelab.rl.random_state import seed_random_streams
from genelab.rl.rollout_metrics import RolloutMetrics, with_plain_names
from genelab.rl.weights import load_weights
from genelab_backend_rslrl import run_state
from genelab_backend_rslrl.build import build_algorithm, observation_groups
from genelab_backend_rslrl.config import RslRlOnPolicyRunnerCfg
from genelab_backend_rslrl.vec_env import RslRlVecEnv
from genelab_backend_rslrl.weights import checkpoint_files, load_payload


class Runner:
    """Trains with PPO: rollout, returns, update, log, checkpoint.

    Python's, numpy's and torch's random streams are seeded with the agent's seed before the networks are made. Ranks
    begin with the same networks and then draw from streams of their own; gradients, normalisers and the learning rate
    are those of all ranks together, so their networks stay the same.

    Attributes:
        iteration: Iterations done, those of the run that is continued included.
        env_steps: Environment steps done, summed over envs and ranks.
        checkpoint: The last checkpoint, `None` before the first.
    """

    def __init__(self, ctx: TrainContext, agent: RslRlOnPolicyRunnerCfg) -> None:
        self.ctx, self.agent, self.world = ctx, agent, ctx.world
        self.files = checkpoint_files(ctx.log_dir)
        seed_random_streams(agent.seed)
        self.env = RslRlVecEnv(ctx.env, observation_groups(agent), agent.clip_actions)
        self.algorithm = build_algorithm(agent, self.env, self.world)
        self.metrics = RolloutMetrics(self.env.num_envs, self.env.device, self.world)
        self.iteration = 0
        self.env_steps = 0
        self.checkpoint: Path | None = None
        self._pair = ""  # marks the files of one checkpoint as belonging together
        if not self.world.is_main:
            seed_random_streams(self.world.seed(agent.seed))
        ctx.watch("policy", self.algorithm, "act")
        ctx.watch("update", self.algorithm, "update")
        if ctx.resume is not None:
            self._resume(ctx.resume)
        elif ctx.warm_start is not None:
            self._warm_start(ctx.warm_start)
        if self.world.size > 1:
            with collective():
                self.algorithm.broadcast_parameters()

    def learn(self) -> TrainResult:
        """Train up to `ctx.max_iterations`, or until `ctx.should_stop`.

        Raises:
            GenelabError: when actions, rewards, values, losses or weights are no longer finite.
            LostPeerError: when another rank has ended.
        """
        self.algorithm.train_mode()
        stopped = False
        with EventLog(self.ctx, self.iteration) as log:
            while self.iteration < self.ctx.max_iterations and not stopped:
                scalars = self._iterate()
                scalars |= self.ctx.evaluate(self.iteration, self.env_steps, self._write_policy)
                log.write(self.iteration, scalars)
                self.ctx.on_iteration(self.iteration, self.env_steps, with_plain_names(scalars))
                finished = self.iteration >= self.ctx.max_iterations
                stopped = self.world.any(self.ctx.should_stop()) and not finished
                if finished or stopped or self.iteration % self.agent.save_interval == 0:
                    self._save()
        if not stopped and self.world.is_main:
            self._write_policy(self.files.final)
        assert self.checkpoint is not None  # saved in the loop, or resumed from
        return TrainResult(self.checkpoint, self.iteration, self.env_steps, stopped)

    def _iterate(self) -> dict[str, float]:
        """Do one iteration and return its scalars by TensorBoard tag."""
        start = perf_counter()
        try:
            self._roll_out()
            collected = perf_counter()
            with collective():
                losses = self.world.mean(self.algorithm.update())
        except RuntimeError:
            # torch refuses to draw from a normal distribution whose standard deviation is NaN.
            observations = [self.env.get_observations()[name] for name in self.env.groups]
            self._require_finite({"an observation": all_finite(observations), **self._finite_weights()})
            raise
        finite_losses = {f"the {name} loss": isfinite(loss) for name, loss in losses.items()}
        self._require_finite({**finite_losses, **self._finite_weights()})
        learned = perf_counter()

        steps = self.agent.num_steps_per_env * self.env.num_envs * self.world.size
        self.iteration += 1
        self.env_steps += steps
        return {
            **{f"Loss/{name}": float(loss) for name, loss in losses.items()},
            "Loss/learning_rate": float(self.algorithm.learning_rate),
            "Policy/mean_std": float(self.algorithm.actor.output_std.detach().mean()),
            "Perf/total_fps": steps / (learned - start),
            "Perf/collection_time": collected - start,
            "Perf/learning_time": learned - collected,
            **self.metrics.summary(),
        }

    def _roll_out(self) -> None:
        """Fill the storage with `num_steps_per_env` steps and compute their returns."""
        observations = self.env.get_observations()
        # no_grad and not inference_mode: tensors made inside env.step could never be changed in place outside of it.
        with torch.no_grad():
            for _ in range(self.agent.num_steps_per_env):
                actions = self.algorithm.act(observations)
                observations, rewards, dones, extras = self.env.step(actions)
                self.algorithm.process_env_step(observations, rewards, dones, extras)
                self.metrics.record(rewards, dones, extras["log"])
            storage = self.algorithm.storage
            checked = {"an action": storage.actions, "a reward": storage.rewards, "a value": storage.values}
            self._require_finite({name: all_finite([tensor]) for name, tensor in checked.items()})
            self.algorithm.compute_returns(observations)

    def _finite_weights(self) -> dict[str, bool]:
        return {"a weight": all_finite(p for group in self.algorithm.optimizer.param_groups for p in group["params"])}

    def _require_finite(self, finite: dict[str, bool]) -> None:
        require_finite(
            finite,
            moment=f"iteration {self.iteration + 1}",
            task=self.ctx.task_id,
            checkpoint=self.checkpoint,
            fix="lower agent.algorithm.learning_rate or bound the rewards",
        )

    def _save(self) -> None:
        """Write a checkpoint and go on from exactly what it holds.

        Whatever happens to the random streams and in the simulator's caches while observers look at the checkpoint (an
        evaluation, say) is undone: a straight run and a continued one are then the same.
        """
        self._pair = self.world.gather(secrets.token_hex(8))[0]
        state = run_state.capture(self.env, self.algorithm, self.metrics)
        self.checkpoint = self.files.save(self.iteration, *self._described(), state, self._pair, self.world)
        self.ctx.notify(
            "checkpoint_saved", path=str(self.checkpoint), iteration=self.iteration, env_steps=self.env_steps
        )
        run_state.restore_surroundings(state, self.env)

    def _write_policy(self, path: Path) -> None:
        """Write a checkpoint to act with or to warm-start from, not to continue from."""
        save_checkpoint(path, *self._described())

    def _described(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return payload and sidecar of a checkpoint."""
        payload = {
            **self.algorithm.save(),
            "iter": self.iteration,
            "infos": {"env_steps": self.env_steps, "pair": self._pair},
        }
        given = self.ctx.checkpoint_meta
        meta = {
            "task": self.ctx.task_id,
            "observation_layout": self.env.env.observation_layout.to_json(),
            **given,
            "backend": "rsl_rl",
            "algorithm": "PPO",
            "iteration": self.iteration,
            "env_steps": self.env_steps,
            "action_dim": self.env.num_actions,
            "versions": {**given.get("versions", {}), "rsl-rl-lib": version("rsl-rl-lib")},
        }
        return payload, meta

    def _warm_start(self, path: Path) -> None:
        """Begin with the weights and the normaliser of `path`; everything else is new."""
        payload, _ = load_payload(path)
        load_weights(self.algorithm.actor, payload["actor_state_dict"], "actor", path)
        load_weights(self.algorithm.critic, payload["critic_state_dict"], "critic", path)

    def _resume(self, path: Path) -> None:
        """Continue exactly where `path` was written.

        Raises:
            GenelabError: if its state file is gone, or belongs to another checkpoint.
        """
        if self.world.is_main:
            self.files.remove_fragments()
        payload, meta = load_payload(path)
        require_layout(path, meta, self.env.env.observation_layout, self.env.groups)
        infos = payload.get("infos") or {}
        state = checkpoint_files(path.parent).load_state(path, payload["iter"], infos.get("pair"), self.world.rank)
        load_weights(self.algorithm.actor, payload["actor_state_dict"], "actor", path)
        load_weights(self.algorithm.critic, payload["critic_state_dict"], "critic", path)
        self.algorithm.load(payload, {"optimizer": True}, strict=True)
        run_state.restore(state, self.env, self.algorithm, self.metrics)
        self.iteration, self.env_steps, self.checkpoint = payload["iter"], infos["env_steps"], path
        self._pair = infos["pair"]
