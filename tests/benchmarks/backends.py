"""What each backend adds to its library: `python tests/benchmarks/backends.py` on a quiet machine.

- PPO on the toy environment, ours and the library alone in turns within one process, 64 and 4096 envs;
- Stable-Baselines3 with 4096 envs: time per step beyond the environment, and the step in which all envs time out.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bare_libraries
import numpy as np
import torch
from toy_env import ToyVecEnv

from genelab.plugins.catalog import get_catalog
from genelab.rl.backends.base import TrainContext

ROUNDS = 5
ITERATIONS = {64: 10, 4096: 2}
STEPS, EPOCHS, PARTS, HIDDEN = (getattr(bare_libraries, name) for name in ("STEPS", "EPOCHS", "PARTS", "HIDDEN"))


def agent(backend: str, num_envs: int) -> Any:
    """Return the same PPO as in `bare_libraries`."""
    if backend == "rsl_rl":
        from genelab_backend_rslrl import RslRlGaussianCfg, RslRlModelCfg, RslRlOnPolicyRunnerCfg

        network = {"hidden_dims": HIDDEN, "obs_normalization": True}
        made = RslRlOnPolicyRunnerCfg(num_steps_per_env=STEPS, critic=RslRlModelCfg(**network))
        made.actor = RslRlModelCfg(**network, distribution_cfg=RslRlGaussianCfg())
        made.algorithm.num_learning_epochs, made.algorithm.num_mini_batches = EPOCHS, PARTS
    elif backend == "skrl":
        from genelab_backend_skrl import SkrlAgentCfg, SkrlModelsCfg

        models = SkrlModelsCfg(hidden_dims=HIDDEN, obs_normalization=True)
        made = SkrlAgentCfg(rollouts=STEPS, learning_epochs=EPOCHS, mini_batches=PARTS, models=models)
    else:
        from genelab_backend_sb3 import Sb3AgentCfg, Sb3PolicyCfg

        policy = Sb3PolicyCfg(net_arch=HIDDEN, activation="elu", obs_normalization=False)
        batch = STEPS * num_envs // PARTS
        made = Sb3AgentCfg(n_steps=STEPS, n_epochs=EPOCHS, batch_size=batch, policy=policy)
    made.save_interval = 10**9
    return made


def train(backend: str, env: ToyVecEnv, iterations: int) -> list[tuple[float, int]]:
    """Train for some rollouts and updates; return the time and the environment steps at the end of each."""
    spec = get_catalog().backend(backend)
    trained = get_catalog().load(spec, spec.backend)()
    marks: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        made = agent(backend, env.num_envs)
        made.max_iterations = trained.iterations_for(made, env.num_envs, iterations * STEPS * env.num_envs)
        note = lambda iteration, env_steps, scalars: marks.append((time.perf_counter(), env_steps))  # noqa: E731
        context = TrainContext("Toy-v0", env, made, Path(folder), made.max_iterations, on_iteration=note)  # pyright: ignore
        trained.train(context)
    return marks


def ours(backend: str, num_envs: int, iterations: int) -> float:
    """Return seconds per rollout and update, without the first one."""
    marks = train(backend, ToyVecEnv(num_envs), iterations + 1)
    (began, first), (ended, last) = marks[0], marks[-1]
    return (ended - began) / ((last - first) / (STEPS * num_envs))


def added(backend: str) -> None:
    for num_envs, iterations in ITERATIONS.items():
        with contextlib.redirect_stdout(io.StringIO()):
            learn = getattr(bare_libraries, backend)(ToyVecEnv(num_envs))
            learn(1)
            times: list[tuple[float, float]] = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                learn(iterations)
                bare = (time.perf_counter() - began) / iterations
                times.append((bare, ours(backend, num_envs, iterations)))
        bare, whole = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(whole / bare for bare, whole in times)
        alone, framed = (STEPS * num_envs / seconds for seconds in (bare, whole))
        rates = f"alone {alone:9,.0f} steps/s, ours {framed:9,.0f}"
        print(f"{backend:7} {num_envs:5} envs: {rates}: {ratio:.2f} × the time", flush=True)


class TimedEnv(ToyVecEnv):
    """Notes when each step begins and how long it takes."""

    def __init__(self, num_envs: int) -> None:
        super().__init__(num_envs, max_episode_length=50, together=True)
        self.began: list[float] = []
        self.took: list[float] = []

    def step(self, actions: torch.Tensor) -> Any:
        self.began.append(time.perf_counter())
        result = super().step(actions)
        self.took.append(time.perf_counter() - self.began[-1])
        return result


def time_outs(num_envs: int = 4096) -> None:
    """Print what a step of Stable-Baselines3 takes when all envs time out in it, and the wrapper's share."""
    from genelab_backend_sb3.vec_env import Sb3VecEnv

    env = TimedEnv(num_envs)
    train("sb3", env, 14)
    starts = zip(env.began, env.began[1:], strict=False)
    within = [(i, after - before) for i, (before, after) in enumerate(starts) if i % STEPS != STEPS - 1]  # no update
    usual = statistics.median(seconds for _, seconds in within)
    worst = max(seconds for i, seconds in within if (i + 1) % env.max_episode_length == 0)
    print(f"sb3     {num_envs:5} envs: {1e3 * usual:.1f} ms a step, {worst / usual:.1f} × when all time out (limit 3)")

    env = TimedEnv(num_envs)
    wrapped = Sb3VecEnv(env, agent("sb3", num_envs))  # pyright: ignore[reportArgumentType]
    wrapped.reset()
    actions, whole = np.zeros((num_envs, 12), dtype=np.float32), []
    for _ in range(200):
        began = time.perf_counter()
        wrapped.step(actions)
        whole.append(time.perf_counter() - began)
    beyond = 1e3 * (statistics.median(whole) - statistics.median(env.took))
    print(f"sb3     {num_envs:5} envs: the wrapper takes {beyond:.2f} ms a step beyond the environment (limit 1.2)")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or ("rsl_rl", "skrl", "sb3"):
        added(name)
    time_outs()
