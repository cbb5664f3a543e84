"""Stable-Baselines3 behind GeneLab's backend contract. Light: torch and the library are imported where needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.rl.backends.base import Backend, InferenceSetup, TrainContext, TrainResult
from genelab.rl.config import BackendConfig, require_groups
from genelab.utils.errors import UsageError
from genelab_backend_sb3.config import OFF_POLICY, Sb3AgentCfg, Sb3PolicyCfg
from genelab_backend_sb3.extra_kwargs import validate_extra_kwargs

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv

_DOCUMENTED_GOALS = ("observation", "achieved_goal", "desired_goal")


class Sb3Backend(Backend):
    """PPO, A2C, SAC, TD3 and DDPG; budgets count environment steps, summed over envs, as in the library.

    Training goes on until the budget is reached, so it makes up to a rollout more than was asked for.
    """

    iteration_unit = "environment steps"

    def default_config(self, env_cfg: Any) -> Sb3AgentCfg:
        """Return PPO with normalised observations, over the group `policy` or, of a task with goals, its three groups.

        A mini-batch is a quarter of a rollout with the environment's number of envs.
        """
        groups = list(env_cfg.observations)
        if not groups:
            raise UsageError("the environment has no observations", where="env.observations")
        chosen = ("policy",) if "policy" in groups else (groups[0],)
        if all(name in groups for name in _DOCUMENTED_GOALS):
            chosen = _DOCUMENTED_GOALS
        agent = Sb3AgentCfg(obs_groups=chosen, policy=Sb3PolicyCfg(obs_normalization=True), learning_rate=1e-3)
        agent.batch_size = max(2, env_cfg.simulation.num_envs * agent.n_steps // 4)
        agent.max_iterations = max(agent.max_iterations, 300 * agent.n_steps * env_cfg.simulation.num_envs)
        agent.save_interval = max(1, agent.max_iterations // 5)
        return agent

    def validate(self, agent: BackendConfig, num_envs: int, env_cfg: Any) -> None:
        """Check what the library would find too late, or never.

        Raises:
            UsageError: for arguments that the algorithm does not have, observation groups that the environment lacks
                (goals, with HER), HER or demonstrations without a replay buffer, HER without a reward function,
                imitation by another algorithm than SAC, a rollout of a single sample, a replay buffer without room for
                a step or, with HER, for an episode, and demonstrations that do not fit.
        """
        agent = _own(agent)
        validate_extra_kwargs(agent)
        if not agent.her.enabled:
            require_groups(env_cfg.observations, agent.obs_groups, agent.groups_field)
        if agent.off_policy:
            if agent.her.enabled:
                _validate_hindsight(agent, num_envs, env_cfg)
            _validate_imitation(agent)
            _validate_replay(agent, num_envs)
            return
        replaying = ", ".join(OFF_POLICY)
        if agent.demonstrations is not None:
            raise UsageError(
                f"{agent.algorithm} has no replay buffer to put demonstrations into",
                where="agent.demo_path, GENELAB_SB3_DEMO_PATH",
                fix=f"use one of {replaying}, or no demonstrations",
            )
        if agent.her.enabled:
            raise UsageError(
                f"{agent.algorithm} has no replay buffer to relabel goals in",
                where="agent.her.enabled",
                fix=f"use one of {replaying}, or --agent.her.enabled false",
            )
        if agent.n_steps * num_envs < 2:
            raise UsageError(
                f"{num_envs} envs × {agent.n_steps} steps are a single sample",
                where="agent.n_steps",
                fix="use more envs or more steps",
            )

    def iterations_for(self, agent: BackendConfig, num_envs: int, total_steps: int) -> int:
        return total_steps

    def train(self, ctx: TrainContext) -> TrainResult:
        """Train, continue or begin from given weights, as `ctx` says."""
        from genelab_backend_sb3.runner import Runner

        agent = _own(ctx.agent)
        self.validate(agent, ctx.env.num_envs, ctx.env.cfg)
        return Runner(ctx, agent).train()

    def checkpoints(self, log_dir: Path) -> list[Path]:
        """Return the run's `model_<steps>_steps.zip`, oldest first (`model.zip` is a copy of the last)."""
        from genelab_backend_sb3.files import Sb3Files

        return Sb3Files(log_dir).models()

    def load(self, checkpoint: Path, agent: BackendConfig, env: VecEnv) -> InferenceSetup:
        """Load the actor of a checkpoint; see the contract for what is refused."""
        from genelab.rl.checkpoint import require_layout
        from genelab_backend_sb3.archive import read_archive
        from genelab_backend_sb3.inference import build_actor, build_sampler
        from genelab_backend_sb3.networks import build_policy
        from genelab_backend_sb3.weights import load_policy

        agent = _own(agent)
        layout, action_dim = env.observation_layout, env.action_dim
        policy = build_policy(agent, layout, action_dim)
        archive = read_archive(checkpoint)
        require_layout(checkpoint, archive.meta, layout, agent.groups)
        load_policy(policy, archive, agent.algorithm)
        policy.to(env.device).eval()
        noisy = agent.algorithm not in ("TD3", "DDPG") or agent.action_noise > 0.0
        return InferenceSetup(
            obs_groups=agent.groups,
            actor=build_actor(policy, agent.clip_actions),
            actor_input_dim=sum(layout.groups[name].dim for name in agent.groups),
            action_dim=action_dim,
            sample=build_sampler(policy, agent.clip_actions, agent.action_noise) if noisy else None,
            info={
                "iteration": archive.info.get("env_steps"),
                "env_steps": archive.info.get("env_steps"),
                "algorithm": agent.algorithm,
            },
        )


def _own(agent: BackendConfig) -> Sb3AgentCfg:
    """Return `agent` if it is one of this backend, else raise `UsageError`."""
    if not isinstance(agent, Sb3AgentCfg):
        raise UsageError(f"an agent of type {type(agent).__name__} is not for the backend sb3")
    return agent


def _validate_hindsight(agent: Sb3AgentCfg, num_envs: int, env_cfg: Any) -> None:
    lacking = [name for name in agent.her.groups if name not in env_cfg.observations]
    if lacking:
        raise UsageError(
            f"hindsight experience replay needs a task with goals: there is no observation group {', '.join(lacking)}",
            where=f"agent.her; groups of the task: {', '.join(env_cfg.observations)}",
            fix="--agent.her.enabled false, or name the task's own groups with --agent.her.achieved_goal_group, "
            "--agent.her.desired_goal_group and --agent.her.obs_group",
        )
    if agent.her.compute_reward is None:
        raise UsageError(
            "hindsight experience replay has no function that gives the rewards of other goals",
            where="agent.her.compute_reward",
            fix="name one as package.module:function",
        )
    longest = env_cfg.max_episode_length
    if agent.buffer_size // num_envs <= longest:
        raise UsageError(
            f"a replay buffer of {agent.buffer_size} transitions for {num_envs} envs is shorter than an episode of "
            f"{longest} steps",
            where="agent.buffer_size",
            fix=f"--agent.buffer_size {8 * num_envs * (longest + 1)} or more, or fewer envs",
        )


def _validate_imitation(agent: Sb3AgentCfg) -> None:
    if agent.algorithm != "SAC" and agent.imitation.batch_share > 0.0 and agent.demonstrations is not None:
        raise UsageError(
            f"{agent.algorithm} keeps demonstrations among its own transitions; only SAC imitates",
            where="agent.imitation.batch_share",
            fix="--agent.imitation.batch_share 0, or --agent.algorithm SAC",
        )


def _validate_replay(agent: Sb3AgentCfg, num_envs: int) -> None:
    if agent.buffer_size < num_envs:
        raise UsageError(
            f"a replay buffer of {agent.buffer_size} transitions has no room for a step of {num_envs} envs",
            where="agent.buffer_size",
            fix=f"--agent.buffer_size {1000 * num_envs}, or fewer envs",
        )
    if agent.demonstrations is not None:
        from genelab_backend_sb3.demonstrations import read_demonstrations

        read_demonstrations(agent.demonstrations, agent, num_envs)
