"""The training loop, from the first rollout to the last checkpoint."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.rl.checkpoint import load_checkpoint, require_layout, save_checkpoint, save_tensors
from genelab.rl.event_log import EventLog
from genelab.rl.random_state import seed_random_streams
from genelab.rl.rollout_metrics import RolloutMetrics, with_plain_names
from genelab.rl.weights import load_weights
from genelab.utils.errors import GenelabError
from genelab_backend_rslrl import files, run_state
from genelab_backend_rslrl.build import build_algorithm, observation_groups
from genelab_backend_rslrl.config import RslRlOnPolicyRunnerCfg
from genelab_backend_rslrl.vec_env import RslRlVecEnv
from genelab_backend_rslrl.weights import load_payload


class Runner:
    """Trains with PPO: rollout, returns, update, log, checkpoint.

    Python's, numpy's and torch's random streams are seeded with the agent's seed before the networks are made.

    Attributes:
        iteration: Iterations done, those of the run that is continued included.
        env_steps: Environment steps done, summed over envs.
        checkpoint: The last checkpoint, `None` before the first.
    """

    def __init__(self, ctx: TrainContext, agent: RslRlOnPolicyRunnerCfg) -> None:
        self.ctx, self.agent = ctx, agent
        seed_random_streams(agent.seed)
        self.env = RslRlVecEnv(ctx.env, observation_groups(agent), agent.clip_actions)
        self.algorithm = build_algorithm(agent, self.env)
        self.metrics = RolloutMetrics(self.env.num_envs, self.env.device)
        self.iteration = 0
        self.env_steps = 0
        self.checkpoint: Path | None = None
        self._pair = ""  # marks the files of one checkpoint as belonging together
        if ctx.resume is not None:
            self._resume(ctx.resume)
        elif ctx.warm_start is not None:
            self._warm_start(ctx.warm_start)

    def learn(self) -> TrainResult:
        """Train up to `ctx.max_iterations`, or until `ctx.should_stop`.

        Raises:
            GenelabError: when actions, rewards, values, losses or weights are no longer finite.
        """
        log = EventLog(self.ctx.log_dir, self.iteration) if self.agent.logger == "tensorboard" else None
        self.algorithm.train_mode()
        stopped = False
        try:
            while self.iteration < self.ctx.max_iterations and not stopped:
                scalars = self._iterate()
                if log is not None:
                    log.write(self.iteration, scalars)
                self.ctx.on_iteration(self.iteration, self.env_steps, with_plain_names(scalars))
                finished = self.iteration >= self.ctx.max_iterations
                stopped = self.ctx.should_stop() and not finished
                if finished or stopped or self.iteration % self.agent.save_interval == 0:
                    self._save()
        finally:
            if log is not None:
                log.close()
        if not stopped:
            save_checkpoint(self.ctx.log_dir / files.FINAL, *self._described())
        assert self.checkpoint is not None  # saved in the loop, or resumed from
        return TrainResult(self.checkpoint, self.iteration, self.env_steps, stopped)

    def _iterate(self) -> dict[str, float]:
        """Do one iteration and return its scalars by TensorBoard tag."""
        start = perf_counter()
        try:
            self._roll_out()
            collected = perf_counter()
            losses = self.algorithm.update()
        except RuntimeError:
            # torch refuses to draw from a normal distribution whose standard deviation is NaN.
            observations = [self.env.get_observations()[name] for name in self.env.groups]
            self._require_finite({"an observation": _finite(observations), **self._finite_weights()})
            raise
        finite_losses = {f"the {name} loss": isfinite(loss) for name, loss in losses.items()}
        self._require_finite({**finite_losses, **self._finite_weights()})
        learned = perf_counter()

        steps = self.agent.num_steps_per_env * self.env.num_envs
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
            self._require_finite({name: _finite([tensor]) for name, tensor in checked.items()})
            self.algorithm.compute_returns(observations)

    def _finite_weights(self) -> dict[str, bool]:
        return {"a weight": _finite(p for group in self.algorithm.optimizer.param_groups for p in group["params"])}

    def _require_finite(self, finite: dict[str, bool]) -> None:
        broken = [name for name, good in finite.items() if not good]
        if broken:
            last = "no checkpoint yet" if self.checkpoint is None else f"the last good checkpoint is {self.checkpoint}"
            raise GenelabError(
                f"training broke down in iteration {self.iteration + 1}: {' and '.join(broken)} is not finite",
                where=f"{self.ctx.task_id}; {last}",
                fix="lower agent.algorithm.learning_rate or bound the rewards",
            )

    def _save(self) -> None:
        """Write a checkpoint and go on from exactly what it holds.

        The state file comes first, so a model file without one cannot be the newest; a model that an abandoned
        continuation left under this number goes before it, because it would not fit the new state. Whatever happens to
        the random streams and in the simulator's caches while observers look at the checkpoint (an evaluation, say) is
        undone: a straight run and a continued one are then the same.
        """
        self._pair = secrets.token_hex(8)
        state = run_state.capture(self.env, self.algorithm, self.metrics)
        model_path = files.model_path(self.ctx.log_dir, self.iteration)
        model_path.unlink(missing_ok=True)
        save_tensors(files.state_path(self.ctx.log_dir, self.iteration), {"pair": self._pair, **state})
        save_checkpoint(model_path, *self._described())
        self.checkpoint = model_path
        files.remove_old_states(self.ctx.log_dir)
        self.ctx.notify(
            "checkpoint_saved", path=str(self.checkpoint), iteration=self.iteration, env_steps=self.env_steps
        )
        run_state.restore_surroundings(state, self.env)

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
        files.remove_fragments(path.parent)
        payload, meta = load_payload(path)
        require_layout(path, meta, self.env.env.observation_layout, self.env.groups)
        infos = payload.get("infos") or {}
        state_path = files.state_path(path.parent, payload["iter"])
        warm_start = f"--checkpoint {path} begins a new run from its weights"
        if not state_path.is_file():
            raise GenelabError(
                f"{path.name} cannot be continued exactly: {state_path.name} is not there",
                where=f"{path.parent} (only the two newest checkpoints keep their state)",
                fix=f"resume the newest checkpoint of the run; or {warm_start}",
            )
        state, _ = load_checkpoint(state_path)
        if infos.get("pair") != state.get("pair"):
            what = f"{state_path.name} does not belong to {path.name}"
            raise GenelabError(what, where=str(path.parent), fix=warm_start)
        load_weights(self.algorithm.actor, payload["actor_state_dict"], "actor", path)
        load_weights(self.algorithm.critic, payload["critic_state_dict"], "critic", path)
        self.algorithm.load(payload, {"optimizer": True}, strict=True)
        run_state.restore(state, self.env, self.algorithm, self.metrics)
        self.iteration, self.env_steps, self.checkpoint = payload["iter"], infos["env_steps"], path
        self._pair = infos["pair"]


def _finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Return whether no element is NaN or infinite."""
    return bool(torch.stack([tensor.detach().isfinite().all() for tensor in tensors]).all())
