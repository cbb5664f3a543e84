"""Continuations in the simulator: 10 + 10 iterations against 20, and kill -9 at random moments.

    python tests/benchmarks/resume.py [--kills 10] [--num-envs 64]

It takes some minutes and is no unit test. Exit status 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from genelab.testing.bitwise import bit_differences

TASK = "GeneLab-Inverted-Pendulum-v0"


def genelab(*arguments: str) -> list[str]:
    return ["genelab", *arguments]


def train(folder: Path, iterations: int, num_envs: int) -> list[str]:
    options = ["--log-dir", str(folder), "--num-envs", str(num_envs), "--max-iterations", str(iterations)]
    return genelab("train", TASK, "--headless", "--seed", "1", *options, "--agent.save_interval", "10")


def content(folder: Path, iteration: int) -> dict[str, object]:
    """Return weights, optimiser, normaliser and run state after `iteration`, without what marks the pair of files."""
    model = torch.load(folder / f"model_{iteration}.pt", weights_only=True)
    state = torch.load(folder / f"model_{iteration}.state.pt", weights_only=True)
    model["infos"].pop("pair")
    state.pop("pair")
    return {"model": model, "state": state}


def straight_against_resumed(root: Path, num_envs: int) -> bool:
    straight, halves = root / "straight", root / "halves"
    subprocess.run(train(straight, 20, num_envs), check=True, capture_output=True)
    subprocess.run(train(halves, 10, num_envs), check=True, capture_output=True)
    resume = genelab("train", TASK, "--resume", str(halves), "--max-iterations", "20")
    subprocess.run(resume, check=True, capture_output=True)
    differences = bit_differences(content(straight, 20), content(halves, 20))
    print("10 + 10 iterations equal 20" if not differences else f"10 + 10 iterations differ from 20: {differences[:9]}")
    return not differences


def killed(root: Path, kills: int, num_envs: int) -> bool:
    """Kill a training again and again and resume it; each time it must go on from the last checkpoint on disk."""
    folder, good, draw = root / "killed", True, random.Random(0)
    command, expected = train(folder, 10_000, num_envs), None
    command[-1] = "2"  # checkpoints often
    for kill in range(1, kills + 1):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        for line in process.stderr:
            if "steps/s" in line:
                break
        time.sleep(draw.uniform(0.0, 3.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        saved = sorted(int(path.stem.partition("_")[2]) for path in folder.glob("model_*[0-9].pt"))
        resumed = json.loads((folder / "provenance.json").read_text()).get("resumed", [])
        from_what = resumed[-1]["checkpoint"] if resumed else "the beginning"
        print(f"kill {kill}: had gone on from {from_what}; newest checkpoint now {saved[-1] if saved else 'none'}")
        good = good and (not resumed or from_what == expected)
        expected = f"model_{saved[-1]}.pt" if saved else None
        command = genelab("train", TASK, "--resume", str(folder))
    last = sorted(int(path.stem.partition("_")[2]) for path in folder.glob("model_*[0-9].pt"))[-1]
    command += ["--max-iterations", str(last + 4)]
    final = subprocess.run(command, capture_output=True, text=True)
    done = (folder / f"model_{last + 4}.pt").exists()
    print(f"the last continuation ended with {final.returncode} at {last + 4}: {'there' if done else 'missing'}")
    return good and done and final.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--num-envs", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        equal = straight_against_resumed(root, options.num_envs)
        return 0 if killed(root, options.kills, options.num_envs) and equal else 1


if __name__ == "__main__":
    sys.exit(main())
