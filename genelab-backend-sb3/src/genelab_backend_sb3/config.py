"""Agent configs: the tables of hyper-parameters that task packs fill in. Light: neither torch nor stable_baselines3."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import Field

from genelab.config.base import FunctionRef, NonNegative, NonNegativeInt, Positive, PositiveInt, Share, configclass
from genelab.rl.config import BackendConfig

ON_POLICY = ("PPO", "A2C")
OFF_POLICY = ("SAC", "TD3", "DDPG")


@configclass
class Sb3PolicyCfg:
    """The networks: an actor and a critic (or two) of the same shape.

    Attributes:
        net_arch: Width of each hidden layer.
        log_std_init: Logarithm of the standard deviation of actions at the start (PPO, A2C).
        obs_normalization: Subtract the running mean of the observations and divide by their standard deviation. The
            statistics belong to the networks: they are saved, loaded and exported with them.
        critic_layer_norm: Normalise each hidden layer of the critic before its activation, which bounds what the critic
            claims of actions that it has never seen (Ball et al. 2023; SAC, TD3 and DDPG).
    """

    net_arch: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (256, 256)
    activation: Literal["elu", "relu", "tanh", "selu", "silu", "gelu", "leaky_relu"] = "elu"
    log_std_init: float = 0.0
    obs_normalization: bool = False
    critic_layer_norm: bool = False


@configclass
class Sb3HerCfg:
    """Hindsight experience replay (Andrychowicz et al. 2017, arXiv:1707.01495), for SAC, TD3 and DDPG.

    Attributes:
        obs_group: Group with the observation proper.
        achieved_goal_group: Group with what has been reached.
        desired_goal_group: Group with what is asked for, of the same width.
        n_sampled_goal: Relabelled transitions for each real one.
        goal_selection_strategy: Where the goals of relabelled transitions come from, within their own episode.
        compute_reward: `func(achieved_goal, desired_goal, info) -> reward`: float32 tensors `(batch, goal_dim)` on the
            CPU, an empty dict, and `(batch,)`. It must give what the environment gives, or relabelled and real
            transitions disagree.
        relabel_observation: `func(observation, old_goal, new_goal) -> observation`, tensors as above, for a task whose
            observation proper speaks of the goal as well; `None` leaves it as it was recorded.
    """

    enabled: bool = False
    obs_group: str = "observation"
    achieved_goal_group: str = "achieved_goal"
    desired_goal_group: str = "desired_goal"
    n_sampled_goal: PositiveInt = 4
    goal_selection_strategy: Literal["future", "final", "episode"] = "future"
    compute_reward: FunctionRef | None = None
    relabel_observation: FunctionRef | None = None

    @property
    def groups(self) -> tuple[str, str, str]:
        """The three groups in the order in which the actor reads them."""
        return self.obs_group, self.achieved_goal_group, self.desired_goal_group


@configclass
class Sb3ImitationCfg:
    """Learning from demonstrations throughout a training, for SAC.

    The demonstrations stay in a buffer of their own, with the goals that they were given for.

    Attributes:
        batch_share: Share of each mini-batch that is drawn from the demonstrations (Ball et al. 2023, arXiv:2302.02948,
            draw half). With 0 they lie in the replay buffer among the agent's own transitions, and nothing else here
            is used.
        cloning_weight: Weight, in the loss of the actor, of the squared distance between its action and the
            demonstrated one.
        q_filter: Clone only where the critic values the demonstrated action higher than the actor's own (Nair et al.
            2018, arXiv:1709.10089).
        updates_before: Gradient steps on the demonstrations alone before a new run acts; the actor then clones and
            does not ask the critic.
    """

    batch_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    cloning_weight: NonNegative = 1.0
    q_filter: bool = True
    updates_before: NonNegativeInt = 0


@configclass
class Sb3AgentCfg(BackendConfig):
    """A Stable-Baselines3 agent. Budgets and intervals count environment steps, summed over envs.

    Attributes:
        max_iterations: Training budget in environment steps over all envs (the library's `total_timesteps`).
        save_interval: Environment steps between checkpoints.
        clip_actions: Bound of the action space: actions lie in ±this in each dimension, in training and afterwards.
        algorithm: Which algorithm; fields that it does not have are not used.
        obs_groups: Observation groups that the agent reads, side by side; with HER, `her` names them instead.
        batch_size: Samples in a mini-batch.
        n_steps: Control steps per env in a rollout (PPO, A2C).
        n_epochs: Passes over each rollout (PPO).
        gae_lambda: Mixing factor of generalised advantage estimation (PPO, A2C).
        clip_range: Bound on the change of the probability ratio (PPO).
        ent_coef: Weight of the entropy (PPO, A2C; that of SAC goes into `extra_kwargs`).
        buffer_size: Transitions in the replay buffer, over all envs (SAC, TD3, DDPG; so are those below).
        tau: Share of the new weights in an update of the target networks.
        learning_starts: Environment steps, over all envs, with uniformly random actions before learning.
        train_freq: Control steps per env between updates.
        action_noise: Standard deviation of the noise on actions during training, as a share of `clip_actions` (TD3,
            DDPG).
        extra_kwargs: More arguments of the algorithm's class, such as SAC's `ent_coef` and `gradient_steps`.
        demo_path: NPZ file of demonstrations that fill the replay buffer before a new run learns; the environment
            variable `GENELAB_SB3_DEMO_PATH` sets it too.
        imitation: What else is done with the demonstrations (SAC); without any, nothing.
    """

    max_iterations: PositiveInt = 100_000
    save_interval: PositiveInt = 100_000
    clip_actions: Positive = 1.0  # pyright: ignore[reportIncompatibleVariableOverride]
    algorithm: Literal["PPO", "A2C", "SAC", "TD3", "DDPG"] = "PPO"
    obs_groups: Annotated[tuple[str, ...], Field(min_length=1)] = ("policy",)
    policy: Sb3PolicyCfg = Field(default_factory=Sb3PolicyCfg)
    learning_rate: Positive = 3e-4
    discount_factor: Share = 0.99
    batch_size: PositiveInt = 256
    n_steps: PositiveInt = 24
    n_epochs: PositiveInt = 5
    gae_lambda: Share = 0.95
    clip_range: Positive = 0.2
    ent_coef: float = 0.0
    buffer_size: PositiveInt = 1_000_000
    tau: Share = 0.005
    learning_starts: NonNegativeInt = 1000
    train_freq: PositiveInt = 1
    action_noise: NonNegative = 0.1
    her: Sb3HerCfg = Field(default_factory=Sb3HerCfg)
    extra_kwargs: dict[str, Any] = Field(default_factory=dict)
    demo_path: str | None = None
    imitation: Sb3ImitationCfg = Field(default_factory=Sb3ImitationCfg)

    @property
    def groups(self) -> tuple[str, ...]:
        """The observation groups that the actor reads, in this order."""
        return self.her.groups if self.her.enabled else self.obs_groups

    @property
    def groups_field(self) -> str:
        """What names those groups, for messages."""
        return "agent.her" if self.her.enabled else "agent.obs_groups"

    @property
    def off_policy(self) -> bool:
        return self.algorithm in OFF_POLICY

    @property
    def imitates(self) -> bool:
        """Whether demonstrations, if there are any, are kept in a buffer of their own."""
        return self.algorithm == "SAC" and self.imitation.batch_share > 0.0

    @property
    def demonstrations(self) -> str | None:
        """The file of demonstrations: `demo_path`, else what the environment variable says."""
        return self.demo_path or os.environ.get("GENELAB_SB3_DEMO_PATH") or None
