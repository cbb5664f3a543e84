"""Records the pick-and-place expert: `python -m genelab_tasks_manipulation.collect_demos --num-envs 64 --steps 1000`.

The same as `genelab demos collect GeneLab-Franka-Pick-And-Place-v0`, with `--episode-length-s` for the override of that
name and a file name of its own.
"""

from __future__ import annotations

import sys

from genelab.cli import main

TASK = "GeneLab-Franka-Pick-And-Place-v0"
OUT = "franka_pp_demos.npz"


def command_line(arguments: list[str]) -> list[str]:
    """Return the arguments of `genelab` that stand for those of this module."""
    translated = []
    for word in arguments:
        name, equals, value = word.partition("=")
        if name.replace("_", "-") == "--episode-length-s":
            name = "--env.episode_length_s"
        translated.append(f"{name}{equals}{value}")
    if not any(word.partition("=")[0] == "--out" for word in translated):
        translated += ["--out", OUT]
    return ["demos", "collect", TASK, *translated]


if __name__ == "__main__":
    sys.argv = ["genelab", *command_line(sys.argv[1:])]
    main()
