"""What a second process is worth: `python tests/benchmarks/shards.py [TASK] [--num-envs N]` on a quiet machine.

Steps the same environment in one process and shared out over two, in turns, with the same actions; says whether the
numbers are the same, bit for bit, and how many steps a second each makes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

import torch

from genelab.envs.make import make_env
from genelab.plugins.tasks import load_task
from genelab.testing.bitwise import bit_differences

ROUNDS, STEPS = 5, 50


def made(task: str, num_envs: int, shards: int) -> Any:
    cfg = load_task(task).cfg.env
    cfg.simulation.shards = shards
    cfg.simulation.gpu = False
    env = make_env(cfg, num_envs=num_envs)
    env.reset(seed=1)
    return env


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", nargs="?", default="GeneLab-Inverted-Pendulum-v0")
    parser.add_argument("--num-envs", type=int, default=4096)
    parser.add_argument("--shards", type=int, default=2)
    options = parser.parse_args()
    envs = {count: made(options.task, options.num_envs, count) for count in (1, options.shards)}
    generator, same = torch.Generator().manual_seed(0), True
    seconds: dict[int, list[float]] = {count: [] for count in envs}
    for _ in range(ROUNDS):
        dim = envs[1].action_dim
        actions = torch.randn(STEPS, options.num_envs, dim, generator=generator)
        results = []
        for count, env in envs.items():
            began = time.perf_counter()
            results.append([env.step(action)[:4] for action in actions])
            seconds[count].append((time.perf_counter() - began) / STEPS)
        same = same and not bit_differences(*results)
    for env in envs.values():
        env.close()
    medians = {count: statistics.median(values) for count, values in seconds.items()}
    for count, value in medians.items():
        print(f"{count} process(es): {options.num_envs / value:,.0f} steps/s, {1e3 * value:.2f} ms a step")
    print(f"ratio {medians[1] / medians[options.shards]:.2f}; {'bit-equal' if same else 'NOT EQUAL'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
