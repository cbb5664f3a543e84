"""The run protocol: all that a training does besides learning, written once for every backend."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import torch

from genelab.rl.backends.base import TrainContext, TrainResult
from genelab.rl.checkpoint import require_layout
from genelab.rl.checkpoint_files import CheckpointFiles, Stamp
from genelab.rl.event_log import EventLog
from genelab.rl.rollout_metrics import RolloutMetrics, with_plain_names
from genelab.utils.errors import GenelabError, UsageError
from genelab.utils.seeding import random_state, restore_random_state, seed_random_streams


class Learner(Protocol):
    """What only a backend knows of a training.

    A checkpoint has two parts. The *payload* is what acting and a warm start need, and the optimisers; the *state* is
    everything else that the next iteration depends on. Both hold tensors, plain values, and dicts, lists and tuples of
    them.
    """

    def payload(self) -> Any:
        """Return networks, normalisers and optimisers, in the form that `CheckpointFiles.write` takes: a dict."""
        ...

    def load_payload(self, payload: Any, path: Path, *, learning: bool) -> None:
        """Put a payload into the networks.

        Args:
            payload: What `CheckpointFiles.read` found.
            path: Where it was read, for messages.
            learning: Whether a training is continued: then optimisers and the like are restored too.

        Raises:
            GenelabError: if it does not fit (`genelab.rl.checkpoint.load_weights` says what).
        """
        ...

    def state(self) -> dict[str, Any]:
        """Return replay memory, counters, hidden states, …; not environment, statistics and random streams."""
        ...

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned; the dict has entries of the session beside it."""
        ...


class Restorable(Protocol):
    """An environment, or a wrapper around it that also keeps the last observations."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Session:
    """One training: resumes or warm-starts, counts, evaluates, reports, stops and saves.

    A backend seeds the random streams (`seed_random_streams(agent.seed)`), makes its networks, then the session, and
    what is left of it is its learning loop:

        with Session(ctx, learner, CheckpointFiles(ctx.log_dir), backend="my_rl", algorithm="PPO") as session:
            while session.running:
                session.advance(env_steps=learner.roll_out_and_update(session.metrics))
                session.end_iteration(session.metrics.summary)
        return session.finish()

    Args:
        ctx: The training. What it resumes or starts from is loaded here.
        learner: The algorithm with its networks.
        files: Names and format of the checkpoints.
        backend: The backend's name, for the sidecars.
        algorithm: The algorithm's name, for the sidecars.
        library: Distribution whose version goes into the sidecars.
        groups: Observation groups that the agent reads; a resumed checkpoint must have the same terms in them.
        env: What is saved and restored as the environment; `ctx.env` if it is not wrapped.
        metrics: Statistics of the rollouts, for whom the session's own would come too late.

    Attributes:
        metrics: Statistics of the rollouts: the loop records each step and reports their summary.
        iteration: Iterations done, those of the run that is continued included.
        env_steps: Environment steps done, summed over envs and ranks.
        checkpoint: The last checkpoint, `None` before the first.
        stopped: Whether `ctx.should_stop` ended the training, on any rank.
    """

    def __init__(
        self,
        ctx: TrainContext,
        learner: Learner,
        files: CheckpointFiles,
        *,
        backend: str,
        algorithm: str,
        library: str | None = None,
        groups: tuple[str, ...] = (),
        env: Restorable | None = None,
        metrics: RolloutMetrics | None = None,
    ) -> None:
        self.ctx, self.learner, self.files = ctx, learner, files
        self.metrics = metrics or RolloutMetrics(ctx.env.num_envs, ctx.env.device, ctx.world)
        self.iteration = 0
        self.env_steps = 0
        self.checkpoint: Path | None = None
        self.stopped = False
        self._backend, self._algorithm, self._library, self._groups = backend, algorithm, library, groups
        self._env: Restorable = env or ctx.env
        self._pair: str | None = None  # marks the files of one checkpoint as belonging together
        if not ctx.world.is_main:
            seed_random_streams(ctx.world.seed(ctx.agent.seed))
        if ctx.resume is not None:
            self._resume(ctx.resume)
        elif ctx.warm_start is not None:
            learner.load_payload(files.read(ctx.warm_start).payload, ctx.warm_start, learning=False)
        self._saved = self.iteration
        self._log = EventLog(ctx, self.iteration)

    def __enter__(self) -> Self:
        self._log.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._log.__exit__(kind, error, traceback)

    @property
    def finished(self) -> bool:
        """Whether the budget is used up."""
        return self.iteration >= self.ctx.max_iterations

    @property
    def running(self) -> bool:
        """Whether there is another iteration to do."""
        return not self.finished and not self.stopped

    def advance(self, iterations: int = 1, *, env_steps: int) -> None:
        """Count what was done; `env_steps` over all envs and ranks."""
        self.iteration += iterations
        self.env_steps += env_steps

    def end_iteration(self, scalars: dict[str, float] | Callable[[], dict[str, float]], *, due: bool = True) -> None:
        """Evaluate, report, stop and save, each if it is time to. Call it after `advance`, once an iteration.

        Args:
            scalars: What is to be logged, by tag; or a function that gives it, called when something is reported.
            due: Whether this iteration is reported even if it is neither saved nor evaluated.

        Raises:
            LostPeerError: if another rank has ended.
        """
        interval = self.ctx.agent.save_interval
        save = self.finished or self.iteration // interval > self._saved // interval
        evaluated = self.ctx.evaluate(self.iteration, self.env_steps, self.write_policy)
        reported = due or save or bool(evaluated)
        if reported:
            self._report(scalars, evaluated)
        self.stopped = self.ctx.world.any(self.ctx.should_stop()) and not self.finished
        if self.stopped and not reported:
            self._report(scalars, {})
        if save or self.stopped:
            self.save()

    def save(self) -> None:
        """Write a checkpoint and go on from exactly what it holds.

        Whatever happens to the random streams and in the simulator's caches while observers look at the checkpoint (an
        evaluation, say) is undone: a straight run and a continued one are then the same.
        """
        self._pair = self.ctx.world.gather(secrets.token_hex(8))[0]
        state = {
            "num_envs": self.ctx.env.num_envs,
            "environment": self._env.state_dict(),
            **self.learner.state(),
            "metrics": self.metrics.state_dict(),
            "random": random_state(),
        }
        self.checkpoint = self.files.save(self.learner.payload(), self._stamp(), self._meta(), state, self.ctx.world)
        self._saved = self.iteration
        self.ctx.notify(
            "checkpoint_saved", path=str(self.checkpoint), iteration=self.iteration, env_steps=self.env_steps
        )
        self._restore_surroundings(state)

    def write_policy(self, path: Path) -> None:
        """Write a checkpoint to act with or to warm-start from, not to continue from."""
        self.files.write(path, self.learner.payload(), self._stamp(), self._meta())

    def require_finite(self, finite: dict[str, bool], *, moment: str, fix: str) -> None:
        """Raise unless everything is finite.

        Args:
            finite: What was looked at (`"a weight"`), and whether it is finite (`all_finite`).
            moment: When that was (`"iteration 7"`).
            fix: What to try.

        Raises:
            GenelabError: with the names of what is not.
        """
        broken = [name for name, good in finite.items() if not good]
        if broken:
            last = "no checkpoint yet" if self.checkpoint is None else f"the last good checkpoint is {self.checkpoint}"
            raise GenelabError(
                f"training broke down in {moment}: {' and '.join(broken)} is not finite",
                where=f"{self.ctx.task_id}; {last}",
                fix=fix,
            )

    def finish(self) -> TrainResult:
        """Return how the training ended; if its budget is used up, the last policy is also written as `files.final`."""
        if self.files.final is not None and not self.stopped and self.ctx.world.is_main:
            self.write_policy(self.files.final)
        assert self.checkpoint is not None  # saved in the last iteration, or resumed from
        return TrainResult(self.checkpoint, self.iteration, self.env_steps, self.stopped)

    def _report(self, scalars: dict[str, float] | Callable[[], dict[str, float]], evaluated: dict[str, float]) -> None:
        """Log the scalars of this iteration and show them."""
        values = {**(scalars() if callable(scalars) else scalars), **evaluated}
        self._log.write(self.iteration, values)
        self.ctx.on_iteration(self.iteration, self.env_steps, with_plain_names(values))

    def _stamp(self) -> Stamp:
        return Stamp(self._algorithm, self.iteration, self.env_steps, self._pair)

    def _meta(self) -> dict[str, Any]:
        """Return the sidecar."""
        given = self.ctx.checkpoint_meta
        versions = {} if self._library is None else {self._library: version(self._library)}
        return {
            "task": self.ctx.task_id,
            "observation_layout": self.ctx.env.observation_layout.to_json(),
            **given,
            "backend": self._backend,
            "algorithm": self._algorithm,
            "iteration": self.iteration,
            "env_steps": self.env_steps,
            "action_dim": self.ctx.env.action_dim,
            "versions": {**given.get("versions", {}), **versions},
        }

    def _resume(self, path: Path) -> None:
        """Continue exactly where `path` was written.

        Raises:
            GenelabError: if its state file is gone or belongs to another checkpoint, or its networks or observations
                are others.
            UsageError: if it was trained with another number of envs.
        """
        if self.ctx.world.is_main:
            self.files.remove_fragments()
        saved = self.files.read(path)
        require_layout(path, saved.meta, self.ctx.env.observation_layout, self._groups)
        state = self.files.load_state(path, saved.stamp, self.ctx.world.rank)
        self.learner.load_payload(saved.payload, path, learning=True)
        if state["num_envs"] != self.ctx.env.num_envs:
            raise UsageError(
                f"the run was trained with {state['num_envs']} envs, not {self.ctx.env.num_envs}",
                fix=f"resume it with --num-envs {state['num_envs']}, or begin a new run from its weights with "
                "--checkpoint",
            )
        self.learner.load_state(state)
        self.metrics.load_state_dict(state["metrics"])
        self._restore_surroundings(state)
        self.iteration, self.env_steps, self.checkpoint = saved.stamp.iteration, saved.stamp.env_steps, path
        self._pair = saved.stamp.pair

    def _restore_surroundings(self, state: dict[str, Any]) -> None:
        """Put back what lies outside the learner: the environment and the random streams."""
        self._env.load_state_dict(state["environment"])
        restore_random_state(state["random"])


def all_finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Return whether no element is NaN or infinite."""
    return bool(torch.stack([tensor.detach().isfinite().all() for tensor in tensors]).all())
