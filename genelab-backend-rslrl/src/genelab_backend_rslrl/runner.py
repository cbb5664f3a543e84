"""The learning loop: rollout, returns, update."""

from __future__ import annotations

from math import isfinite
from time import perf_counter

import torch

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.rl.distributed import collective
from genelab.rl.session import Session, all_finite
from genelab.utils.seeding import seed_random_streams
from genelab_backend_rslrl.build import build_algorithm, observation_groups
from genelab_backend_rslrl.config import RslRlOnPolicyRunnerCfg
from genelab_backend_rslrl.vec_env import RslRlVecEnv
from genelab_backend_rslrl.weights import checkpoint_files


class Runner:
    """Trains with PPO.

    Python's, numpy's and torch's random streams are seeded with the agent's seed before the networks are made. Ranks
    begin with the same networks and then draw from streams of their own; gradients, normalisers and the learning rate
    are those of all ranks together, so their networks stay the same.
    """

    def __init__(self, ctx: TrainContext, agent: RslRlOnPolicyRunnerCfg) -> None:
        self.agent, self.world = agent, ctx.world
        seed_random_streams(agent.seed)
        self.env = RslRlVecEnv(ctx.env, observation_groups(agent), agent.clip_actions)
        self.algorithm = build_algorithm(agent, self.env, self.world)
        ctx.watch("policy", self.algorithm, "act")
        ctx.watch("update", self.algorithm, "update")
        self.session = Session(
            ctx,
            self.algorithm,
            checkpoint_files(ctx.log_dir),
            backend="rsl_rl",
            algorithm="PPO",
            library="rsl-rl-lib",
            groups=self.env.groups,
            env=self.env,
        )
        self.metrics = self.session.metrics
        self._steps = agent.num_steps_per_env * self.env.num_envs * self.world.size
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
        with self.session as session:
            while session.running:
                scalars = self._iterate()
                session.advance(env_steps=self._steps)
                session.end_iteration(scalars)
        return self.session.finish()

    def _iterate(self) -> dict[str, float]:
        """Roll out and update; return the scalars by TensorBoard tag."""
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
        return {
            **{f"Loss/{name}": float(loss) for name, loss in losses.items()},
            "Loss/learning_rate": float(self.algorithm.learning_rate),
            "Policy/mean_std": float(self.algorithm.actor.output_std.detach().mean()),
            "Perf/total_fps": self._steps / (learned - start),
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
        moment = f"iteration {self.session.iteration + 1}"
        self.session.require_finite(
            finite, moment=moment, fix="lower agent.algorithm.learning_rate or bound the rewards"
        )
