"""What a backend must do: train, and turn a checkpoint into an actor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.plugins.catalog import get_catalog
from genelab.rl.distributed import World

if TYPE_CHECKING:
    import torch

    from genelab.api import BackendSpec
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.config import BackendConfig


@dataclass(frozen=True)
class RecurrentSpec:
    """Hidden state of a recurrent actor: `states` tensors, each `(num_layers, batch, hidden_dim)`, zeros at first."""

    rnn_type: str
    num_layers: int
    hidden_dim: int

    @property
    def states(self) -> tuple[str, ...]:
        return ("h", "c") if self.rnn_type == "lstm" else ("h",)


@dataclass
class InferenceSetup:
    """An actor loaded from a checkpoint, in the form that play, eval and export share.

    Attributes:
        obs_groups: Observation groups the actor reads, concatenated in this order.
        actor: Deterministic actor with its learned normaliser, as a plain module in eval mode. It takes *scaled*
            observations `(batch, actor_input_dim)`; a recurrent one also takes and returns its hidden states:
            `forward(obs, h[, c]) -> (actions, h[, c])`. It must survive `torch.jit.script` or tracing.
        actor_input_dim: Width of its input.
        action_dim: Width of its output.
        recurrent: Hidden state, `None` for a feed-forward actor.
        sample: Same signature as `actor`, with the exploration noise of training; `None` if there is none.
        info: What is known of the checkpoint: `iteration`, `env_steps`, `algorithm`.
    """

    obs_groups: tuple[str, ...]
    actor: torch.nn.Module
    actor_input_dim: int
    action_dim: int
    recurrent: RecurrentSpec | None = None
    sample: Callable[..., Any] | None = None
    info: dict[str, Any] = field(default_factory=dict[str, Any])


def _tell_nobody(kind: str, **data: Any) -> None:
    """Take in an event."""


@dataclass
class TrainContext:
    """All that a backend's `train` is given.

    Attributes:
        task_id: The task's id, for messages.
        env: The environment, built and seeded, not yet reset.
        agent: The backend's config, final.
        log_dir: The run's folder; it exists and already holds `params/`.
        max_iterations: Iterations of this run in all; a resumed run goes on *to* this number.
        warm_start: Checkpoint whose weights to begin with; counters, optimiser and environment start anew.
        resume: Checkpoint to continue exactly: weights, optimiser, normaliser, counters, random streams, environment.
        should_stop: Polled once an iteration; when it returns True the backend saves a checkpoint and returns.
        notify: Report an event: `notify(kind, **data)`; kinds as in `genelab.api.RunEvent`.
        on_iteration: Called after each iteration with `(iteration, env_steps, scalars)`, where scalars are floats by
            name, among them `"return_mean"` when an episode finished: feeds the progress bar.
        evaluate: Called after each iteration, before the log is written, with `(iteration, env_steps, write)`, where
            `write(path)` saves the present policy as a checkpoint and changes nothing else. Returns scalars by log tag
            when it evaluated, else nothing. It may make `should_stop` return True.
        watch: `watch(label, target, method)` lets a profiler time calls of `target.method`; called once for each part
            of the algorithm, `"policy"` (observations to actions) and `"update"`. Does nothing when nobody profiles.
        checkpoint_meta: Plain values that go into each checkpoint's sidecar (task, layout, plugins).
        world: Processes that train together, for a backend with the capability `"distributed"`; `env` then holds the
            envs of this one, and only rank 0 writes the run's files and calls `notify`, `on_iteration` and `evaluate`.
    """

    task_id: str
    env: VecEnv
    agent: BackendConfig
    log_dir: Path
    max_iterations: int
    warm_start: Path | None = None
    resume: Path | None = None
    should_stop: Callable[[], bool] = lambda: False
    notify: Callable[..., None] = _tell_nobody
    on_iteration: Callable[[int, int, dict[str, float]], None] = lambda iteration, env_steps, scalars: None
    evaluate: Callable[[int, int, Callable[[Path], None]], dict[str, float]] = lambda iteration, env_steps, write: {}
    watch: Callable[[str, Any, str], None] = lambda label, target, method: None
    checkpoint_meta: dict[str, Any] = field(default_factory=dict[str, Any])
    world: World = field(default_factory=World)


@dataclass
class TrainResult:
    """How a training ended.

    Attributes:
        checkpoint: The last checkpoint.
        iteration: Iterations done in all.
        env_steps: Environment steps done in all, summed over envs.
        stopped: Whether `should_stop` ended it early.
    """

    checkpoint: Path
    iteration: int
    env_steps: int
    stopped: bool = False


class Backend(ABC):
    """An RL library behind GeneLab's contract. Instances hold no state; modules import their library inside methods.

    Attributes:
        iteration_unit: What `max_iterations` counts, for help and logs: `"iterations"`, `"vector steps"` (one control
            step of every env) or `"environment steps"` (summed over envs).
    """

    iteration_unit: str = "iterations"

    @abstractmethod
    def default_config(self, env_cfg: Any) -> BackendConfig:
        """Return a sensible agent for a task that brings none for this backend."""

    def validate(self, agent: BackendConfig, num_envs: int, env_cfg: Any) -> None:
        """Check what can be checked before the simulator starts; raise `UsageError` with the reason and the fix.

        Args:
            agent: The agent's config, final.
            num_envs: Envs that this process will train with.
            env_cfg: The environment's config (`genelab.config.ManagerBasedRlEnvCfg`): `observations` by group,
                `max_episode_length` in control steps, …
        """

    @abstractmethod
    def iterations_for(self, agent: BackendConfig, num_envs: int, total_steps: int) -> int:
        """Return the number of iterations that makes at least `total_steps` environment steps over all envs."""

    @abstractmethod
    def train(self, ctx: TrainContext) -> TrainResult:
        """Train. Checkpoints are written with `genelab.rl.checkpoint.save_checkpoint`."""

    @abstractmethod
    def checkpoints(self, log_dir: Path) -> list[Path]:
        """Return the run's checkpoints, oldest first."""

    @abstractmethod
    def load(self, checkpoint: Path, agent: BackendConfig, env: VecEnv) -> InferenceSetup:
        """Load a checkpoint for inference, without executing anything that the file holds.

        Raises:
            GenelabError: for a file that is truncated, of another library or algorithm, or has other widths.
        """


def load_backend(spec: BackendSpec) -> Backend:
    """Import and make the backend of `spec`."""
    return get_catalog().load(spec, spec.backend)()
