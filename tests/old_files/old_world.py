"""The plugin whose tasks `data/` was written with: small agents of each backend, and an environment without physics.

Files in `data/` name its tasks and functions, so they keep their names and what they do.
"""

from __future__ import annotations

from genelab.api import TaskSpec, hookimpl
from genelab.config import TaskCfg
from genelab.rl.expert import Expert
from genelab.testing.fake_env import FakeVecEnv
from genelab.testing.fake_task import fake_env_cfg

GENELAB_API = "1"
TASK, SECOND = "Old-Follow-v0", "Old-Follow-Stage2-v0"
SHAPE = {"max_episode_length": 12, "history_length": 2, "strata": {"side": ("left", "right")}}


@hookimpl
def genelab_tasks():
    agents = {name: f"old_world:{name}_agent" for name in ("rsl_rl", "skrl", "sb3")}
    shared = {"config": "old_world:make_task", "agents": agents, "default_backend": "rsl_rl"}
    return [
        TaskSpec(id=TASK, expert="old_world:Perfect", **shared),
        TaskSpec(id=SECOND, warm_start=TASK, **shared),
    ]


def make_task() -> TaskCfg:
    return TaskCfg(env=fake_env_cfg(8, seed=3, **SHAPE))


def make_env(cfg, *, num_envs=None, seed=None, **options) -> FakeVecEnv:
    """Stand in for `genelab.envs.make.make_env`."""
    return FakeVecEnv(
        num_envs or cfg.simulation.num_envs,
        success_probability=0.7,
        failure_steps=(3, 9),
        seed=cfg.seed if seed is None else seed,
        **SHAPE,
    )


class Perfect(Expert):
    """Goes where the episode asks it to, and counts its steps to have a state."""

    def __init__(self, env):
        super().__init__(env)
        self.steps = 0

    def __call__(self, observations):
        self.steps += 1
        return self.env.perfect_action()

    def reset(self, done=None):
        pass

    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.steps = state["steps"]


def rsl_rl_agent():
    from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg

    network = {"hidden_dims": (8,), "obs_normalization": True, "rnn_hidden_dim": 6, "rnn_num_layers": 2}
    return RslRlOnPolicyRunnerCfg(
        experiment_name="old",
        max_iterations=4,
        save_interval=2,
        num_steps_per_env=6,
        actor=RslRlModelCfg(**network, distribution_cfg=RslRlGaussianCfg()),
        critic=RslRlModelCfg(**network),
        algorithm=RslRlPpoAlgorithmCfg(num_learning_epochs=2, num_mini_batches=2),
    )


def skrl_agent():
    from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg

    return SkrlAgentCfg(
        experiment_name="old",
        max_iterations=24,
        save_interval=12,
        models=SkrlModelsCfg(hidden_dims=(8,), obs_normalization=True),
        rollouts=6,
        mini_batches=2,
        learning_epochs=2,
        replay_size=8 * 10,
        batch_size=16,
        learning_starts=4,
        random_timesteps=2,
    )


def sb3_agent():
    from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg

    return Sb3AgentCfg(
        experiment_name="old",
        max_iterations=192,
        save_interval=96,
        policy=Sb3PolicyCfg(net_arch=(8,), obs_normalization=True),
        n_steps=6,
        n_epochs=2,
        batch_size=24,
        buffer_size=80,
        learning_starts=32,
    )
