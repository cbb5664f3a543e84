"""Agent config: the table of hyper-parameters that task packs fill in. Light: neither torch nor skrl.

One table serves all five algorithms; the sections say which of them read a value. Classes of the library are chosen by
name from fixed lists and never imported from a string.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from genelab.config.base import FunctionRef, NonNegative, NonNegativeInt, Positive, PositiveInt, Share, configclass
from genelab.rl.config import BackendConfig

Activation = Literal["elu", "selu", "relu", "leaky_relu", "tanh", "sigmoid", "softplus", "gelu", "silu", "mish"]
Algorithm = Literal["PPO", "A2C", "SAC", "TD3", "DDPG"]


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Groups = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]


@configclass
class SkrlModelsCfg:
    """The networks of an agent; policy and critics have the same hidden layers, and share none.

    Attributes:
        hidden_dims: Width of each hidden layer.
        log_std: Logarithm of the actions' standard deviation at the start (PPO, A2C, SAC).
        log_std_range: Bounds of it.
        clip_actions: Clip sampled actions to [-1, 1] before their probability is computed (PPO, A2C). The other
            policies are bounded by tanh.
        obs_normalization: Subtract the running mean of observations and states, divide by their standard deviation and
            clip to ±5 of it.
    """

    hidden_dims: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (256, 256)
    activation: Activation = "elu"
    log_std: float = 0.0
    log_std_range: tuple[float, float] = (-20.0, 2.0)
    clip_actions: bool = False
    obs_normalization: bool = False


@configclass
class SkrlHerCfg:
    """Hindsight experience replay (Andrychowicz et al. 2017, arXiv:1707.01495), for SAC, TD3 and DDPG.

    Goals come from later states of the same episode. Policy and critics read the three groups, in `obs_group` and
    `state_group`.

    Attributes:
        obs_group: Group with the observation proper.
        achieved_goal_group: Group with what has been reached.
        desired_goal_group: Group with what is asked for, of the same width.
        n_sampled_goal: Relabelled transitions for each real one.
        compute_reward: `func(achieved_goal, desired_goal, info) -> reward`: float32 tensors `(batch, goal_dim)` on the
            device, an empty dict, and `(batch,)`. It must give what the environment gives, or relabelled and real
            transitions disagree.
        relabel_observation: `func(observation, old_goal, new_goal) -> observation`, tensors as above, for a task whose
            observation proper speaks of the goal as well; `None` leaves it as it was recorded.
    """

    enabled: bool = False
    obs_group: str = "observation"
    achieved_goal_group: str = "achieved_goal"
    desired_goal_group: str = "desired_goal"
    n_sampled_goal: PositiveInt = 4
    compute_reward: FunctionRef | None = None
    relabel_observation: FunctionRef | None = None

    @property
    def groups(self) -> tuple[str, str, str]:
        """The groups of observation, achieved and desired goal."""
        return self.obs_group, self.achieved_goal_group, self.desired_goal_group


@configclass
class SkrlAgentCfg(BackendConfig):
    """A skrl agent. Its step counts, budget and `save_interval` too, are vector steps: one control step of every env.

    Attributes:
        max_iterations: skrl's `timesteps`: vector steps of the training.
        save_interval: Vector steps between checkpoints. Those of SAC, TD3 and DDPG carry the replay memory.
        obs_group: Observation group, or groups, that the policy reads.
        state_group: Observation group, or groups, that value function and critics read.

    All algorithms:
        learning_rate: Of policy, critics and entropy coefficient.
        discount_factor: Discount of a control step.
        grad_norm_clip: Bound on the norm of the gradient; 0 for none.

    PPO and A2C:
        rollouts: Vector steps between updates.
        mini_batches: Parts of a rollout.
        lam: Mixing factor of generalised advantage estimation (skrl's `lambda`).
        entropy_loss_scale: Weight of the entropy bonus.
        value_normalization: Let the value function predict returns in units of their running standard deviation.
        learning_rate_schedule: `"adaptive"` moves the learning rate so that an update changes the policy by about
            `desired_kl`.

    PPO:
        learning_epochs: Passes over each rollout.
        ratio_clip: Bound on the change of the probability ratio.
        value_clip: Bound on the change of the predicted value, in its own units; 0 for none.
        value_loss_scale: Weight of the value loss.

    SAC, TD3 and DDPG:
        replay_size: Transitions that the memory holds, over all envs.
        batch_size: Transitions of a gradient step.
        gradient_steps: Gradient steps after each vector step.
        polyak: Share of the networks that goes into their targets in a gradient step.
        learning_starts: Vector steps before the first gradient step.
        random_timesteps: Vector steps with uniform actions at the start.
        her: Whether and how the memory gives transitions other goals.

    SAC:
        learn_entropy: Move the entropy coefficient towards `target_entropy`.
        initial_entropy_value: Entropy coefficient at the start.
        target_entropy: `None` for minus the number of actions.

    TD3 and DDPG:
        exploration_noise: Standard deviation of the noise on actions.

    TD3:
        policy_delay: Gradient steps of the critics for one of the policy.
        smooth_noise: Standard deviation of the noise on the target's actions.
        smooth_noise_clip: Bound on it.
    """

    algorithm: Algorithm = "PPO"
    max_iterations: PositiveInt = 100_000
    save_interval: PositiveInt = 10_000
    obs_group: Groups = ("policy",)
    state_group: Groups = ("critic",)
    models: SkrlModelsCfg = Field(default_factory=SkrlModelsCfg)

    learning_rate: Positive = 3e-4
    discount_factor: Share = 0.99
    grad_norm_clip: NonNegative = 1.0

    rollouts: PositiveInt = 24
    mini_batches: PositiveInt = 4
    lam: Share = 0.95
    entropy_loss_scale: NonNegative = 0.0
    value_normalization: bool = True
    learning_rate_schedule: Literal["fixed", "adaptive"] = "fixed"
    desired_kl: Positive = 0.01

    learning_epochs: PositiveInt = 5
    ratio_clip: Positive = 0.2
    value_clip: NonNegative = 0.2
    value_loss_scale: NonNegative = 1.0

    replay_size: PositiveInt = 1_000_000
    batch_size: PositiveInt = 256
    gradient_steps: PositiveInt = 1
    polyak: Share = 0.005
    learning_starts: NonNegativeInt = 1000
    random_timesteps: NonNegativeInt = 0
    her: SkrlHerCfg = Field(default_factory=SkrlHerCfg)

    learn_entropy: bool = True
    initial_entropy_value: Positive = 0.2
    target_entropy: float | None = None

    exploration_noise: NonNegative = 0.1

    policy_delay: PositiveInt = 2
    smooth_noise: NonNegative = 0.2
    smooth_noise_clip: NonNegative = 0.5

    @property
    def on_policy(self) -> bool:
        """Whether it learns from its own rollouts only, and keeps no replay memory."""
        return self.algorithm in ("PPO", "A2C")
