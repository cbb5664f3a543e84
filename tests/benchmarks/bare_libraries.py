"""PPO of each library on the toy environment with the thinnest wrapper that the library accepts, for comparison."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch
from toy_env import ACTIONS, OBSERVATIONS, STATES, ToyVecEnv

STEPS, EPOCHS, PARTS, HIDDEN = 24, 5, 4, (64, 64)


def rsl_rl(env: ToyVecEnv) -> Callable[[int], None]:
    """Return a function that trains for a number of iterations."""
    from rsl_rl.env import VecEnv
    from rsl_rl.runners import OnPolicyRunner
    from tensordict import TensorDict

    class Wrapper(VecEnv):
        num_envs, num_actions, device, cfg = env.num_envs, ACTIONS, "cpu", {}
        max_episode_length, episode_length_buf = env.max_episode_length, env.episode_length_buf

        def get_observations(self):
            return TensorDict(env.get_observations(), batch_size=[env.num_envs])

        def step(self, actions):
            observations, reward, terminated, truncated, extras = env.step(actions)
            done = (terminated | truncated).long()
            return TensorDict(observations, batch_size=[env.num_envs]), reward, done, {"time_outs": truncated, **extras}

    network = {"class_name": "MLPModel", "hidden_dims": list(HIDDEN), "activation": "elu", "obs_normalization": True}
    distribution = {"class_name": "GaussianDistribution", "init_std": 1.0, "std_type": "scalar"}
    cfg = {
        "num_steps_per_env": STEPS,
        "save_interval": 10**9,
        "obs_groups": {"actor": ["policy"], "critic": ["critic"]},
        "actor": {**network, "distribution_cfg": distribution},
        "critic": network,
        "algorithm": {"class_name": "PPO", "num_learning_epochs": EPOCHS, "num_mini_batches": PARTS},
        "logger": "tensorboard",
    }
    runner = OnPolicyRunner(Wrapper(), cfg, log_dir=tempfile.mkdtemp(), device="cpu")
    return lambda iterations: runner.learn(iterations)


def skrl(env: ToyVecEnv) -> Callable[[int], None]:
    from skrl.agents.torch.ppo import PPO, PPO_CFG
    from skrl.envs.wrappers.torch import Wrapper
    from skrl.memories.torch import RandomMemory
    from skrl.models.torch import DeterministicMixin, GaussianMixin, Model
    from skrl.resources.preprocessors.torch import RunningStandardScaler
    from skrl.resources.schedulers.torch import KLAdaptiveLR
    from skrl.trainers.torch import SequentialTrainer, SequentialTrainerCfg

    def network(inputs: int, outputs: int) -> torch.nn.Sequential:
        a, b = HIDDEN
        elu = torch.nn.ELU
        layers = [torch.nn.Linear(inputs, a), elu(), torch.nn.Linear(a, b), elu(), torch.nn.Linear(b, outputs)]
        return torch.nn.Sequential(*layers)

    class Thin(Wrapper):
        observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (OBSERVATIONS,), np.float32)
        state_space = gymnasium.spaces.Box(-np.inf, np.inf, (STATES,), np.float32)
        action_space = gymnasium.spaces.Box(-1.0, 1.0, (ACTIONS,), np.float32)
        last = env.get_observations()

        def reset(self):
            return self.last["policy"], {}

        def state(self):
            return self.last["critic"]

        def step(self, actions):
            self.last, reward, terminated, truncated, _ = env.step(actions)
            return self.last["policy"], reward[:, None], terminated[:, None], truncated[:, None], {}

        def render(self):
            return None

        def close(self):
            return None

    class Policy(GaussianMixin, Model):
        def __init__(self, *spaces):
            Model.__init__(self, observation_space=spaces[0], state_space=spaces[1], action_space=spaces[2])
            GaussianMixin.__init__(self)
            self.net, self.log_std = network(OBSERVATIONS, ACTIONS), torch.nn.Parameter(torch.zeros(ACTIONS))

        def compute(self, inputs, role=""):
            return self.net(inputs["observations"]), {"log_std": self.log_std}

    class Value(DeterministicMixin, Model):
        def __init__(self, *spaces):
            Model.__init__(self, observation_space=spaces[0], state_space=spaces[1], action_space=spaces[2])
            DeterministicMixin.__init__(self)
            self.net = network(STATES, 1)

        def compute(self, inputs, role=""):
            return self.net(inputs["states"]), {}

    wrapped = Thin(env)
    spaces = wrapped.observation_space, wrapped.state_space, wrapped.action_space
    scaled = {"observation": spaces[0], "state": spaces[1], "value": 1}
    scalers: dict[str, Any] = {f"{name}_preprocessor": RunningStandardScaler for name in scaled}
    scalers |= {f"{name}_preprocessor_kwargs": {"size": size} for name, size in scaled.items()}
    agent = PPO(
        models={"policy": Policy(*spaces), "value": Value(*spaces)},
        memory=RandomMemory(memory_size=STEPS, num_envs=env.num_envs),
        observation_space=spaces[0],
        state_space=spaces[1],
        action_space=spaces[2],
        cfg=PPO_CFG(
            rollouts=STEPS,
            learning_epochs=EPOCHS,
            mini_batches=PARTS,
            learning_rate_scheduler=KLAdaptiveLR,
            learning_rate_scheduler_kwargs={"kl_threshold": 0.01},
            time_limit_bootstrap=True,
            experiment={"directory": tempfile.mkdtemp(), "checkpoint_interval": 0},
            **scalers,
        ),
    )

    def learn(iterations: int) -> None:
        options = {"headless": True, "disable_progressbar": True, "close_environment_at_exit": False}
        trainer = SequentialTrainerCfg(timesteps=iterations * STEPS, **options)
        SequentialTrainer(env=wrapped, agents=agent, cfg=trainer).train()

    return learn


def sb3(env: ToyVecEnv) -> Callable[[int], None]:
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecEnv

    class Wrapper(VecEnv):
        def __init__(self):
            space = gymnasium.spaces.Box(-np.inf, np.inf, (OBSERVATIONS,), np.float32)
            super().__init__(env.num_envs, space, env.single_action_space)

        def reset(self):
            return env.get_observations()["policy"].numpy()

        def step_async(self, actions):
            self.actions = torch.from_numpy(actions)

        def step_wait(self):
            observations, reward, terminated, truncated, extras = env.step(self.actions)
            done = (terminated | truncated).numpy()
            infos: list[dict[str, Any]] = [{} for _ in range(env.num_envs)]
            for index in done.nonzero()[0]:
                final = extras["final_obs"]["policy"][index].numpy()
                infos[index] = {"terminal_observation": final, "TimeLimit.truncated": bool(truncated[index])}
            return observations["policy"].numpy(), reward.numpy(), done, infos

        def close(self):
            return None

        def get_attr(self, attr_name, indices=None):
            return [None] * env.num_envs

        def set_attr(self, attr_name, value, indices=None):
            return None

        def env_method(self, method_name, *args, indices=None, **kwargs):
            return []

        def env_is_wrapped(self, wrapper_class, indices=None):
            return [False] * env.num_envs

    batch = STEPS * env.num_envs // PARTS
    nets = {"net_arch": list(HIDDEN), "activation_fn": torch.nn.ELU}
    model = PPO(
        "MlpPolicy", Wrapper(), n_steps=STEPS, n_epochs=EPOCHS, batch_size=batch, policy_kwargs=nets, device="cpu"
    )
    return lambda iterations: model.learn(iterations * STEPS * env.num_envs, reset_num_timesteps=False)  # pyright: ignore
