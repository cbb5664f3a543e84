"""Records demonstrations: a task's expert acts in its training environment."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.config.serialization import to_json, with_first_names
from genelab.eval.statistics import wilson
from genelab.plugins.tasks import load_task
from genelab.rl.checkpoint import load_checkpoint, save_tensors
from genelab.rl.demonstrations import read_demonstration_arrays, write_demonstrations
from genelab.runs.interrupts import StopSignals
from genelab.runs.provenance import versions
from genelab.runs.source import make_expert
from genelab.utils.errors import UsageError
from genelab.utils.files import check_output, sha256_json

if TYPE_CHECKING:
    from genelab.envs.vec_env import VecEnv
    from genelab.rl.expert import Expert


@dataclass
class DemonstrationSummary:
    """What was recorded.

    Attributes:
        path: The file; when stopped early, the folder from which the same request goes on.
        finished: Whether all steps are there.
        steps: Control steps of each env.
        num_envs: Envs.
        episodes: Episodes that ended.
        successes: Those among them that ended with success; `None` if the task publishes none.
        success_interval: 95 % interval (Wilson) of their share; `None` without episodes or success.
    """

    path: str
    finished: bool
    steps: int
    num_envs: int
    episodes: int
    successes: int | None
    success_interval: tuple[float, float] | None


def collect(
    task: str,
    *,
    num_envs: int | None,
    steps: int,
    seed: int,
    out: Path,
    overrides: Sequence[tuple[str, str]] = (),
    save_every: int = 250,
    force: bool = False,
    on_progress: Callable[[int], None] = lambda step: None,
) -> DemonstrationSummary:
    """Record `steps` control steps of the task's expert.

    Interrupted by SIGINT or SIGTERM, it leaves the last part in `<out>.partial` and the same request goes on from it;
    the result is the same, bit by bit, as without the interruption.

    Args:
        num_envs: Envs; the task's own number if `None`. A training takes demonstrations of its own number of envs.
        overrides: Pairs of dotted config path and text, for the training environment.
        save_every: Control steps between parts; what is recorded depends on it, as a checkpoint does not keep the
            solver's contacts.
        force: Replace `out`, and begin anew where a part of another request lies.
        on_progress: Called with the number of recorded steps.

    Raises:
        UsageError: if the task has no expert or no rewards, or `out` exists.
    """
    loaded = load_task(task, overrides=list(overrides))
    cfg = loaded.cfg.env
    if not isinstance(cfg, ManagerBasedRlEnvCfg) or loaded.spec.expert is None:
        raise UsageError(f"{loaded.spec.id} has no expert to record", fix="genelab info shows which task has one")
    check_output(out, force=force)
    if num_envs is not None:
        cfg.simulation.num_envs = num_envs
    cfg.seed = seed
    env_sha256 = sha256_json(with_first_names(to_json(cfg)))
    request = {"task": loaded.spec.id, "steps": steps, "save_every": save_every, "env": env_sha256}
    partial = PartialRecording(Path(f"{out}.partial"), request)
    partial.check(force)

    from genelab.envs.make import make_env

    env = make_env(cfg)
    try:
        recorder = Recorder(env, make_expert(loaded.spec, env))
        recorder.begin(partial)
        with StopSignals() as signals:
            signals.graceful = True
            while recorder.step < steps and not signals.requested():
                recorder.advance()
                if recorder.step % save_every == 0 and recorder.step < steps:
                    partial.save(recorder)
                on_progress(recorder.step)
        finished = recorder.step == steps
        if finished:
            about = {**request, "num_envs": env.num_envs, "seed": seed, "versions": versions([]), **recorder.about()}
            write_demonstrations(out, partial.arrays(recorder), about)
            partial.remove()
        return recorder.summary(out if finished else partial.folder, finished)
    finally:
        env.close()


class Recorder:
    """Lets an expert act and keeps what it saw.

    Attributes:
        step: Control steps recorded so far, those of a continued recording included.
        rows: What is not in a part yet, one dict of arrays `(num_envs, …)` a step.
    """

    def __init__(self, env: VecEnv, expert: Expert) -> None:
        self.env, self.expert = env, expert
        self.step = self.episodes = self.successes = 0
        self.publishes_success = False
        self.rows: list[dict[str, np.ndarray]] = []

    def begin(self, partial: PartialRecording) -> None:
        """Start an episode in each env, or go on from a saved part."""
        state = partial.load()
        if state is None:
            self.env.reset()
            self.expert.reset()
        else:
            self.load_state_dict(state)

    def advance(self) -> None:
        """Record a control step."""
        before = self.env.get_observations()
        actions = self.expert(before)
        after, reward, terminated, truncated, extras = self.env.step(actions)
        done = terminated | truncated
        row = {f"obs_{name}": value for name, value in before.items()}
        final = extras.get("final_obs", after)
        row |= {f"next_obs_{name}": torch.where(done[:, None], final[name], value) for name, value in after.items()}
        row |= {"actions": actions, "rewards": reward, "dones": done, "truncateds": truncated & ~terminated}
        self.rows.append({name: value.cpu().numpy() for name, value in row.items()})
        self.step += 1
        self.episodes += int(done.sum())
        if "is_success" in extras:
            self.publishes_success = True
            self.successes += int((extras["is_success"] & done).sum())
        self.expert.reset(done)

    def state_dict(self) -> dict[str, Any]:
        return {
            "counters": [self.step, self.episodes, self.successes, int(self.publishes_success)],
            "environment": self.env.state_dict(),
            "expert": self.expert.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.step, self.episodes, self.successes, published = state["counters"]
        self.publishes_success = bool(published)
        self.env.load_state_dict(state["environment"])
        self.expert.load_state_dict(state["expert"])

    def about(self) -> dict[str, Any]:
        """Return what the file says about the recording."""
        return {
            "observation_layout": self.env.observation_layout.to_json(),
            "action_dim": self.env.action_dim,
            "episodes": self.episodes,
            "successes": self.successes if self.publishes_success else None,
        }

    def summary(self, path: Path, finished: bool) -> DemonstrationSummary:
        counted = self.publishes_success and self.episodes > 0
        return DemonstrationSummary(
            path=str(path),
            finished=finished,
            steps=self.step,
            num_envs=self.env.num_envs,
            episodes=self.episodes,
            successes=self.successes if self.publishes_success else None,
            success_interval=wilson(self.successes, self.episodes) if counted else None,
        )


class PartialRecording:
    """What is recorded so far, in a folder beside the file to be written: parts, and the state after the last one."""

    def __init__(self, folder: Path, request: dict[str, Any]) -> None:
        self.folder, self._request = folder, request
        self._state = folder / "state.pt"

    def check(self, force: bool) -> None:
        """Refuse, or with `force` remove, a recording of another request."""
        if not self._state.exists():
            return
        saved = load_checkpoint(self._state)[0]["request"]
        different = [name for name, value in self._request.items() if saved.get(name) != value]
        if different and not force:
            raise UsageError(
                f"{self.folder.name} is a part of another recording: its {', '.join(different)} differs",
                where=str(self.folder),
                fix="repeat that request, choose another --out, or pass --force to begin anew",
            )
        if different:
            self.remove()

    def save(self, recorder: Recorder) -> None:
        """Write the rows recorded since the last part, and go on from exactly what the files hold."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_demonstrations(self.folder / f"part_{recorder.step:09d}.npz", _stacked(recorder.rows), {})
        recorder.rows.clear()
        save_tensors(self._state, {"request": self._request, "state": recorder.state_dict()})
        recorder.load_state_dict(recorder.state_dict())

    def load(self) -> dict[str, Any] | None:
        """Return the state after the last part; `None` if there is none."""
        return load_checkpoint(self._state)[0]["state"] if self._state.exists() else None

    def arrays(self, recorder: Recorder) -> dict[str, np.ndarray]:
        """Return all that was recorded, `(steps, num_envs, …)`."""
        parts = [read_demonstration_arrays(path)[0] for path in sorted(self.folder.glob("part_*.npz"))]
        if recorder.rows:
            parts.append(_stacked(recorder.rows))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def remove(self) -> None:
        """Remove the folder."""
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _stacked(rows: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
