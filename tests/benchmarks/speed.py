"""Prints the figures that the project promises; run it on a quiet machine: `python tests/benchmarks/speed.py [TASK]`.

Not a test: times depend on the machine. Each part runs in a process of its own, so that none warms another up.

- start-up: `genelab --help`, `list` and `plugins list`, median of 10;
- `env.step` against Genesis alone at 64 and 4096 envs, same ticks and solver options;
- growth of resident memory over 20 000 control steps at 512 envs, after a warm-up of 2 000.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from genelab.plugins.child_process import Child

TASK = "GeneLab-Inverted-Pendulum-v0"
START_UP_LIMIT_S = 0.3
RATIO_LIMITS = {64: 0.6, 4096: 0.9}
MEMORY_LIMIT = 0.02


def start_up() -> None:
    for arguments in (["--help"], ["list"], ["plugins", "list"]):
        seconds = []
        for _ in range(10):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "genelab", *arguments], check=True, capture_output=True)
            seconds.append(time.perf_counter() - began)
        report(f"genelab {' '.join(arguments)}", statistics.median(seconds), "s", at_most=START_UP_LIMIT_S)


def ratios(task: str) -> None:
    for num_envs, limit in RATIO_LIMITS.items():
        arguments = {"task_id": task, "num_envs": num_envs, "steps": 500, "overrides": []}
        times = Child("genelab.profiling.step_times:measure_variant", arguments).result()
        ratio = times["raw_us"] / times["step_us"]
        raw, step = f"{times['raw_us']:,.0f}", f"{times['step_us']:,.0f}"
        report(f"env.step at {num_envs} envs ({step} µs; Genesis alone {raw} µs)", ratio, "× raw", at_least=limit)


def memory(task: str) -> None:
    arguments = {"task_id": task, "num_envs": 512, "warm_up": 2_000, "steps": 20_000}
    before, after = Child("speed:measure_memory", arguments, {"PYTHONPATH": str(Path(__file__).parent)}).result()
    report(f"memory growth ({before:,.0f} to {after:,.0f} MiB)", after / before - 1, "", at_most=MEMORY_LIMIT)


def measure_memory(task_id: str, num_envs: int, warm_up: int, steps: int) -> list[float]:
    """Return resident memory, MiB, after the warm-up and after `steps` more control steps."""
    import torch

    from genelab.envs.make import make_env

    env = make_env(task_id, num_envs=num_envs)
    env.reset()
    generator = torch.Generator().manual_seed(0)
    resident = []
    for count in (warm_up, steps):
        for _ in range(count):
            env.step(2 * torch.rand(num_envs, env.action_dim, generator=generator) - 1)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        resident.append(pages * 4096 / 2**20)
    return resident


def report(what: str, value: float, unit: str, *, at_least: float | None = None, at_most: float | None = None) -> None:
    kept = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    promise = f"≥ {at_least}" if at_least is not None else f"≤ {at_most}"
    print(f"{'ok' if kept else 'MISSED':7} {what}: {value:.3f} {unit}".rstrip() + f"  (promised {promise})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("task", nargs="?", default=TASK)
    task = parser.parse_args().task
    start_up()
    ratios(task)
    memory(task)


if __name__ == "__main__":
    main()
