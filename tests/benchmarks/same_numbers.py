"""Whether trainings and evaluations in Genesis on the CPU still give the same numbers, bit by bit.

    python tests/benchmarks/same_numbers.py record ~/same_numbers.json    # with the code as it was
    python tests/benchmarks/same_numbers.py check ~/same_numbers.json     # after a change that must not change any

Each case is trained, evaluated and continued with the `genelab` command. Compared are hashes of the tensors in the
checkpoint and its state, of the logged scalars, and of the episodes. `record` also keeps its runs in a folder beside
the file, and `check` continues copies of them: a run of the earlier code must go on to the same weights today.
The numbers depend on processor and versions, so the file is of use only on the machine that wrote it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

PENDULUM, GO1 = "GeneLab-Inverted-Pendulum-v0", "Genelab-Velocity-Flat-Unitree-Go1-v0"
CASES: dict[str, tuple[str, int, int, list[str]]] = {
    "pendulum-rsl_rl": (PENDULUM, 3, 1, ["--backend=rsl_rl", "--num-envs=64"]),
    "pendulum-skrl": (PENDULUM, 64, 32, ["--backend=skrl", "--num-envs=64"]),
    "pendulum-sb3": (PENDULUM, 64 * 48, 64 * 24, ["--backend=sb3", "--num-envs=64"]),
    "go1": (GO1, 2, 1, ["--backend=rsl_rl", "--num-envs=32"]),
    "go1-shards": (GO1, 2, 1, ["--backend=rsl_rl", "--num-envs=32", "--env.simulation.shards=2"]),
}
"""Task, iterations, further iterations when it is continued, and options."""
TIMES = ("time", "fps", "Perf/", "steps_per_s")


def genelab(*words: object) -> None:
    """Run a command; its output is shown if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "genelab", *map(str, words)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"genelab {words[0]} failed:\n{done.stdout}\n{done.stderr}")


def sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def tensors(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and hash of every tensor in a checkpoint."""
    if isinstance(value, torch.Tensor):
        yield path, hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest()[:16]
    elif isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from tensors(item, f"{path}/{key}")


def tensors_in(path: Path) -> dict[str, str]:
    if path.suffix != ".zip":
        return dict(tensors(torch.load(path, weights_only=True)))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.open(name) for name in sorted(archive.namelist()) if name.endswith(".pth")}
        return dict(tensors({name: torch.load(part, weights_only=True) for name, part in parts.items()}))


def numbers_of_run(run: Path) -> dict[str, Any]:
    """Return hashes of a run's last checkpoint, of the state beside it, and of what it logged."""
    (checkpoint,) = run.rglob(json.loads((run / "status.json").read_text())["checkpoint"])
    state = max(run.rglob("*.state.pt"), key=lambda path: path.stat().st_mtime)
    events = EventAccumulator(str(run)).Reload()
    tags = [tag for tag in events.Tags()["scalars"] if not any(word in tag for word in TIMES)]
    scalars = {tag: sha256([(event.step, event.value) for event in events.Scalars(tag)]) for tag in tags}
    return {"weights": tensors_in(checkpoint), "state": tensors_in(state), "scalars": scalars}


def numbers_of_evaluation(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text())
    return {
        "episodes": {str(row["i"]): sha256(row) for row in document["episodes"]},
        "returns": {str(row["i"]): row["return"] for row in document["episodes"]},
        "starts": {str(row["i"]): row["init_hash"] for row in document["episodes"]},
        "aggregates": sha256(document["aggregates"]),
        "protocol": [document["protocol"][name] for name in ("env_config_sha256", "protocol_sha256")],
    }


def measure(name: str, folder: Path, continued: Path | None) -> dict[str, Any]:
    """Train, evaluate and continue a case in `folder`; what is continued is this run, or `continued` if it is given."""
    task, iterations, more, options = CASES[name]
    run = folder / name
    genelab("train", task, f"--log-dir={run}", "--seed=7", f"--max-iterations={iterations}", *options)
    out = {"training": numbers_of_run(run)}
    genelab("eval", task, run, "--episodes=8", "--seed=3", f"--out={folder / f'{name}.json'}")
    out["evaluation"] = numbers_of_evaluation(folder / f"{name}.json")
    copy = Path(shutil.copytree(continued or run, folder / f"{name}-continued"))
    genelab("train", task, f"--resume={copy}", f"--max-iterations={iterations + more}")
    out["continuation"] = numbers_of_run(copy)
    return out


def differences(then: Any, now: Any, path: str) -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in {**then, **now}:
            yield from differences(then.get(key), now.get(key), f"{path}/{key}")
    elif then != now:
        yield f"{path}: {then} then, {now} now"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "check"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    runs = options.file.with_suffix("")
    recorded = json.loads(options.file.read_text()) if options.file.exists() else {}
    found = 0
    for name in options.cases:
        with tempfile.TemporaryDirectory() as folder:
            if options.what == "record":
                recorded[name] = measure(name, Path(folder), None)
                shutil.copytree(Path(folder) / name, runs / name, dirs_exist_ok=True)
                options.file.write_text(json.dumps(recorded, indent=1))
                continue
            lines = list(differences(recorded[name], measure(name, Path(folder), runs / name), name))
        found += len(lines)
        print(
            "\n".join([f"{name}: {f'{len(lines)} numbers differ' if lines else 'the same'}", *lines[:20]]), flush=True
        )
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
