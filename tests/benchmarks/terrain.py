"""What uneven ground costs: `python tests/benchmarks/terrain.py [--num-envs N]`, on a quiet machine.

The same robot on the flat plane, on flat cells, and on 10 × 10 mixed cells, in turns within one process; then a height
scan of 187 points. `--check` shows instead that the box in place of Genesis' terrain mesh (`genelab.terrains.collider`)
leaves every number as it is.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "physics"))

import torch
from quadruped import quadruped_cfg

from genelab import sensors, terrains
from genelab.config import TerrainCfg
from genelab.envs.make import make_env
from genelab.terrains import collider
from genelab.terrains.presets import mixed

GROUNDS = {
    "plane": None,
    "flat cells, 24 x 24 m": TerrainCfg(cells={"flat": terrains.FlatCfg()}, levels=2, columns=2),
    "10 x 10 mixed cells, 88 x 88 m": mixed(),
}


def made(terrain: TerrainCfg | None, num_envs: int) -> Any:
    cfg = quadruped_cfg()
    cfg.simulation.num_envs = num_envs
    cfg.simulation.gpu = False
    cfg.scene.terrain = terrain
    cfg.events.pop("push")
    if terrain is not None:
        cfg.scene.sensors = {"scan": sensors.HeightScanCfg()}
    began = time.perf_counter()
    env = make_env(cfg)
    env.reset(seed=0)
    print(f"{'made in':24}{time.perf_counter() - began:8.1f} s", flush=True)
    return env


def settled(env: Any) -> Any:
    env.reset(seed=0)
    for _ in range(10):
        env.scene.step()
    return env


def ticks_per_second(env: Any, steps: int = 25) -> float:
    began = time.perf_counter()
    for _ in range(steps):
        env.scene.step_physics()
    return steps * env.cfg.decimation * env.num_envs / (time.perf_counter() - began)


def measure(num_envs: int, rounds: int = 7) -> None:
    envs = {name: made(terrain, num_envs) for name, terrain in GROUNDS.items()}
    rates: dict[str, list[float]] = {name: [] for name in envs}
    for _ in range(rounds):
        for name, env in envs.items():
            rates[name].append(ticks_per_second(settled(env)))
    plane = statistics.median(rates["plane"])
    for name, values in rates.items():
        rate = statistics.median(values)
        print(f"{name:32}{rate:12,.0f} ticks/s   {plane / rate:.2f} x the time on a plane")
    scene = envs["10 x 10 mixed cells, 88 x 88 m"].scene
    times = []
    for _ in range(50):
        scene["robot"].invalidate()
        began = time.perf_counter()
        scene.sensor("scan").heights.sum()
        times.append(time.perf_counter() - began)
    tick = num_envs / max(rates["10 x 10 mixed cells, 88 x 88 m"])
    share = min(times) / (4 * tick)
    print(f"height scan of 187 points: at best {1e3 * min(times):.2f} ms, {share:.1%} of the physics at best")


def check() -> None:
    """Drop robots on the same terrain with and without the patch."""
    terrain = TerrainCfg(cells={"boxes": terrains.BoxesCfg(platform=0.0)}, levels=1, columns=1, cell_size=6.0)
    ends = []
    original = collider._box_for_mesh
    for patched in (True, False):
        collider._box_for_mesh = original if patched else lambda gs: nullcontext()
        env = settled(made(terrain, 16))
        for _ in range(40):
            env.scene.step()
        ends.append(torch.cat(list(env.scene["robot"].physics_state().values()), dim=1))
        env.close()
    print("bit-equal" if torch.equal(*ends) else f"differ by up to {(ends[0] - ends[1]).abs().max():.3g}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What uneven ground costs.")
    parser.add_argument("--num-envs", type=int, default=500)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    check() if options.check else measure(options.num_envs)
