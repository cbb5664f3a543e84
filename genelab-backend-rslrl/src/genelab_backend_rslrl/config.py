"""Agent configs: the tables of hyper-parameters that task packs fill in. Light: neither torch nor rsl_rl.

Only what this backend passes on has a field. Classes of the library are chosen from fixed lists, because the library
imports whatever a class name says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from genelab.config.base import FunctionRef, NonNegative, Positive, PositiveInt, Share, configclass
from genelab.rl.config import BackendConfig

Activation = Literal["elu", "selu", "relu", "lrelu", "tanh", "sigmoid", "softplus", "gelu", "swish", "mish", "identity"]


@configclass
class RslRlGaussianCfg:
    """Normal actions, with a standard deviation that does not depend on the observation.

    Attributes:
        init_std: Standard deviation at the start, in units of the action.
        std_type: Learn it as it is (`"scalar"`) or as its logarithm (`"log"`).
        std_range: Bounds of the standard deviation.
        learn_std: `False` keeps it at `init_std`.
    """

    class_name: Literal["GaussianDistribution"] = "GaussianDistribution"
    init_std: Positive = 1.0
    std_type: Literal["scalar", "log"] = "scalar"
    std_range: tuple[float, float] = (1e-6, 1e6)
    learn_std: bool = True


@configclass
class RslRlHeteroscedasticGaussianCfg:
    """Normal actions whose standard deviation is a second output of the network; fields as in `RslRlGaussianCfg`."""

    class_name: Literal["HeteroscedasticGaussianDistribution"] = "HeteroscedasticGaussianDistribution"
    init_std: Positive = 1.0
    std_type: Literal["scalar", "log"] = "scalar"
    std_range: tuple[float, float] = (1e-6, 1e6)


@configclass
class RslRlBetaCfg:
    """Beta-distributed actions within `action_range`."""

    class_name: Literal["BetaDistribution"] = "BetaDistribution"
    action_range: tuple[float, float] = (-1.0, 1.0)


@configclass
class RslRlModelCfg:
    """The network of an actor or a critic.

    Attributes:
        hidden_dims: Width of each hidden layer; those of a recurrent network follow its recurrent layers.
        obs_normalization: Subtract the running mean of the observations and divide by their standard deviation.
        distribution_cfg: How actions are drawn; the actor needs one, the critic has none.
        rnn_type: `"lstm"` or `"gru"` for a recurrent network, `None` for a feed-forward one.
    """

    hidden_dims: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (128, 128, 128)
    activation: Activation = "elu"
    obs_normalization: bool = False
    distribution_cfg: RslRlGaussianCfg | RslRlHeteroscedasticGaussianCfg | RslRlBetaCfg | None = None
    rnn_type: Literal["lstm", "gru"] | None = None
    rnn_hidden_dim: PositiveInt = 256
    rnn_num_layers: PositiveInt = 1


@configclass
class RslRlSymmetryCfg:
    """Teaches the policy the mirror symmetry of a robot.

    Attributes:
        data_augmentation_func: `func(env, obs, actions) -> (obs, actions)`; `env` is the wrapped environment, `obs` a
            TensorDict of groups `(batch, dim)` or `None`, `actions` `(batch, action_dim)` or `None`. Returns each with
            the mirrored rows after the original ones.
        use_data_augmentation: Learn from the mirrored samples as well.
        use_mirror_loss: Punish actions that differ from the mirrored ones, by `mirror_loss_coeff`.
    """

    data_augmentation_func: FunctionRef
    use_data_augmentation: bool = False
    use_mirror_loss: bool = False
    mirror_loss_coeff: NonNegative = 0.0


@configclass
class RslRlPpoAlgorithmCfg:
    """Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347).

    Attributes:
        num_learning_epochs: Passes over each rollout.
        num_mini_batches: Parts of a rollout; a recurrent network splits it by envs.
        schedule: `"adaptive"` moves the learning rate so that an update changes the policy by about `desired_kl`.
        gamma: Discount of a control step.
        lam: Mixing factor of generalised advantage estimation.
        clip_param: Bound on the change of the probability ratio, and of the value if `use_clipped_value_loss`.
        max_grad_norm: Bound on the norm of the gradient, for actor and critic each.
    """

    num_learning_epochs: PositiveInt = 5
    num_mini_batches: PositiveInt = 4
    learning_rate: Positive = 1e-3
    schedule: Literal["adaptive", "fixed"] = "adaptive"
    desired_kl: Positive = 0.01
    gamma: Share = 0.99
    lam: Share = 0.95
    clip_param: Positive = 0.2
    value_loss_coef: NonNegative = 1.0
    use_clipped_value_loss: bool = True
    entropy_coef: float = 0.005
    max_grad_norm: Positive = 1.0
    normalize_advantage_per_mini_batch: bool = False
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    symmetry_cfg: RslRlSymmetryCfg | None = None


@configclass
class RslRlOnPolicyRunnerCfg(BackendConfig):
    """An rsl_rl agent.

    Attributes:
        num_steps_per_env: Control steps per env in one iteration.
        obs_groups: Observation groups that the `"actor"` and the `"critic"` read, concatenated in this order.
    """

    num_steps_per_env: PositiveInt = 24
    obs_groups: dict[Literal["actor", "critic"], Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=lambda: {"actor": ("policy",), "critic": ("critic",)}, min_length=2
    )
    actor: RslRlModelCfg = Field(default_factory=lambda: RslRlModelCfg(distribution_cfg=RslRlGaussianCfg()))
    critic: RslRlModelCfg = Field(default_factory=RslRlModelCfg)
    algorithm: RslRlPpoAlgorithmCfg = Field(default_factory=RslRlPpoAlgorithmCfg)
