"""`genelab verify`: the same seeded rollout in two fresh processes, compared bit by bit."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from genelab.console.options.common import json_option, task_command
from genelab.console.options.simulation import Seed
from genelab.plugins.child_process import Child
from genelab.plugins.tasks import load_task
from genelab.utils.errors import UsageError
from genelab.utils.lazy import numpy as np


@dataclass
class RepeatReport:
    """What the comparison of two rollouts showed.

    Attributes:
        task: The task.
        num_envs: Envs.
        steps: Control steps compared.
        seed: Seed of environment and random policy.
        bit_identical: Whether all observations, rewards and episode ends are equal bit by bit.
        first_difference: Control step of the first difference, 0 for the reset; `None` if there is none.
        max_difference: Largest absolute difference over the rollout.
        differing: Names of what differs, in that first step.
        sha256: Hash of the first rollout, to compare machines with.
        wall_s: Seconds that it took.
    """

    task: str
    num_envs: int
    steps: int
    seed: int
    bit_identical: bool
    first_difference: int | None
    max_difference: float
    differing: list[str]
    sha256: str
    wall_s: float


def check_repeatability(
    task_id: str, *, num_envs: int, steps: int, seed: int, overrides: Sequence[tuple[str, str]] = ()
) -> RepeatReport:
    """Roll the task's training environment out twice with the same random actions, and compare.

    Raises:
        UsageError: for a task without rewards or overrides that do not fit.
        GenelabError: when a rollout fails.
    """
    spec = load_task(task_id, overrides=list(overrides)).spec
    if spec.kind != "rl":
        raise UsageError(f"{spec.id} has no rewards to compare", fix="verify a task of kind rl")
    began = time.perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genelab-")))
        paths = [folder / "first.npz", folder / "second.npz"]
        children = []
        for path in paths:
            arguments = {"task_id": task_id, "num_envs": num_envs, "steps": steps, "seed": seed, "path": str(path)}
            child = Child("genelab.doctor.repeatability:record_rollout", {**arguments, "overrides": list(overrides)})
            stack.callback(child.close)
            children.append(child)
        hashes = [child.result() for child in children]
        first, second = (dict(np.load(path, allow_pickle=False)) for path in paths)
    at, differing = first_difference(first, second)
    return RepeatReport(
        task=spec.id,
        num_envs=num_envs,
        steps=steps,
        seed=seed,
        bit_identical=at is None,
        first_difference=at,
        max_difference=max_difference(first, second),
        differing=differing,
        sha256=hashes[0],
        wall_s=round(time.perf_counter() - began, 2),
    )


def record_rollout(
    task_id: str, *, num_envs: int, steps: int, seed: int, path: str, overrides: Sequence[tuple[str, str]] = ()
) -> str:
    """Write a rollout to `path` (.npz): by name, arrays `(steps + 1, num_envs, …)`, the first row at the reset.

    Returns:
        The SHA-256 of its values.
    """
    from genelab.envs.make import make_env
    from genelab.rl.policy import RandomPolicy

    cfg = load_task(task_id, overrides=[(name, text) for name, text in overrides]).cfg.env
    env = make_env(cfg, num_envs=num_envs, seed=seed)
    policy = RandomPolicy(env.action_dim, seed)
    observations, _ = env.reset()
    nothing = np.zeros(num_envs, dtype=np.float32)
    rows = [_row(observations, nothing, nothing, nothing)]
    for _ in range(steps):
        observations, *outcome, _ = env.step(policy(observations))
        rows.append(_row(observations, *(value.cpu().numpy().astype(np.float32) for value in outcome)))
    env.close()
    arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def _row(observations: Any, reward: np.ndarray, terminated: np.ndarray, truncated: np.ndarray) -> dict[str, np.ndarray]:
    groups = {f"observation {name}": value.cpu().numpy() for name, value in observations.items()}
    return {**groups, "reward": reward, "terminated": terminated, "truncated": truncated}


def first_difference(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> tuple[int | None, list[str]]:
    """Return the first row in which two rollouts differ in any bit (equal NaNs do not), and the names that differ."""
    first = {}
    for name in a:
        rows = (a[name].view(np.uint32) != b[name].view(np.uint32)).reshape(len(a[name]), -1).any(axis=1)
        if rows.any():
            first[name] = int(rows.argmax())
    if not first:
        return None, []
    at = min(first.values())
    return at, [name for name, step in first.items() if step == at]


def max_difference(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> float:
    """Return the largest absolute difference of any value that is finite in both."""
    largest = 0.0
    for name in a:
        difference = np.abs(a[name].astype(np.float64) - b[name].astype(np.float64))
        largest = max(largest, float(np.max(difference, where=np.isfinite(difference), initial=0.0)))
    return largest


@task_command(short_help="Check that a task repeats bit by bit.", epilog="Exit status 0 if it repeats, 1 if it drifts.")
@click.option("--num-envs", type=click.IntRange(min=1), default=16, show_default=True, help="Parallel environments.")
@click.option("--steps", type=click.IntRange(min=1), default=200, show_default=True, help="Control steps.")
@click.option("--seed", type=Seed, default=0, show_default=True, help="Of environment and actions.")
@json_option
def command(task: str, overrides: list[tuple[str, str]], num_envs: int, steps: int, seed: int, as_json: bool) -> int:
    """Run TASK twice in fresh processes with the same random actions and compare every number.

    Compared are observations, rewards and episode ends of all environments.
    """
    report = check_repeatability(task, num_envs=num_envs, steps=steps, seed=seed, overrides=overrides)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    elif report.bit_identical:
        click.echo(f"bit-identical over {steps} steps of {num_envs} envs (sha256 {report.sha256[:16]})")
    else:
        what = ", ".join(report.differing)
        click.echo(f"drifts at step {report.first_difference} ({what}); max difference {report.max_difference:.3g}")
    return 0 if report.bit_identical else 1
