"""The learning loop: act, step, record, update."""

from __future__ import annotations

from math import isfinite
from time import perf_counter

import torch

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.rl.session import Session, all_finite
from genelab.utils.seeding import seed_random_streams
from genelab_backend_skrl.build import build_agent
from genelab_backend_skrl.config import SkrlAgentCfg
from genelab_backend_skrl.hindsight import HindsightMemory
from genelab_backend_skrl.learner import SkrlLearner
from genelab_backend_skrl.vec_env import SkrlVecEnv, spaces_of
from genelab_backend_skrl.weights import checkpoint_files

OFF_POLICY_REPORT_STEPS = 24
"""Vector steps between two reports of an algorithm that has no rollouts."""


class Trainer:
    """Trains with one of skrl's agents; an iteration is a vector step.

    Python's, numpy's and torch's random streams are seeded with the agent's seed before the networks are made.
    """

    def __init__(self, ctx: TrainContext, cfg: SkrlAgentCfg) -> None:
        self.ctx = ctx
        seed_random_streams(cfg.seed)
        self.env = SkrlVecEnv(ctx.env, cfg.obs_group, cfg.state_group, cfg.clip_actions)
        spaces = spaces_of(ctx.env, cfg.obs_group, cfg.state_group)
        self.agent = build_agent(cfg, spaces, ctx.env.observation_layout, self.env.num_envs)
        ctx.watch("policy", self.agent, "act")
        ctx.watch("update", self.agent, "update")
        self.session = Session(
            ctx,
            SkrlLearner(self.agent, cfg),
            checkpoint_files(ctx.log_dir),
            backend="skrl",
            algorithm=cfg.algorithm,
            library="skrl",
            groups=tuple(dict.fromkeys(cfg.obs_group + cfg.state_group)),
            env=self.env,
        )
        self._report_steps = cfg.rollouts if cfg.on_policy else OFF_POLICY_REPORT_STEPS
        self._reported = self.session.iteration
        self._seconds = {"collection": 0.0, "learning": 0.0}
        self._finite_rewards = torch.ones((), dtype=torch.bool, device=self.env.device)

    def learn(self) -> TrainResult:
        """Train up to `ctx.max_iterations` vector steps, or until `ctx.should_stop`.

        Raises:
            GenelabError: when rewards, losses or weights are no longer finite.
        """
        with self.session as session:
            while session.running:
                self._step()
                session.end_iteration(self._scalars, due=session.iteration % self._report_steps == 0)
        return self.session.finish()

    def _step(self) -> None:
        """Do one vector step and, when the agent is due, its update."""
        start = perf_counter()
        moment = {"timestep": self.session.iteration, "timesteps": self.ctx.max_iterations}
        observations, states = self.env.observations, self.env.states
        with torch.no_grad():
            actions, _ = self.agent.act(observations, states, **moment)
            transition = self.env.step(actions)
            done = (transition.terminated | transition.truncated)[:, 0]
            self.session.metrics.record(transition.rewards[:, 0], done, transition.log)
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
        self.session.advance(env_steps=self.env.num_envs)
        self._seconds["collection"] += collected - start
        self._seconds["learning"] += perf_counter() - collected

    def _scalars(self) -> dict[str, float]:
        """Return the scalars since the last report by TensorBoard tag, after checking that all is finite."""
        now, steps = self.session.iteration, self.session.iteration - self._reported
        scalars = self.agent.take_scalars()
        losses = {
            f"the {tag.removeprefix('Loss / ')}": isfinite(value) for tag, value in scalars.items() if "Loss" in tag
        }
        self.session.require_finite(
            {"a reward": bool(self._finite_rewards), **losses, "a weight": all_finite(self.agent.weights())},
            moment=f"the {steps} vector steps up to {now}",
            fix="lower agent.learning_rate or bound the rewards",
        )
        scalars |= {f"Perf/{name}_time": seconds for name, seconds in self._seconds.items()}
        scalars["Perf/total_fps"] = steps * self.env.num_envs / sum(self._seconds.values())
        self._seconds, self._reported = dict.fromkeys(self._seconds, 0.0), now
        return {**scalars, **self.session.metrics.summary()}
