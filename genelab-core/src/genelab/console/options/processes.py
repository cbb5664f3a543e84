"""Options of `train` about other processes: many seeds, launchers, several GPUs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

from genelab.console.options.common import filled
from genelab.console.options.simulation import Seed
from genelab.plugins.catalog import discovered
from genelab.rl.distributed import World
from genelab.utils.errors import UsageError

Count = click.IntRange(min=1)


class Seeds(click.ParamType):
    """Seeds with commas between them, each once."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in value.split(",")]
        if not any(words):
            self.fail("it names no seed; write --seeds 1,2,3", param, ctx)
        seeds = tuple(Seed.convert(word, param, ctx) for word in words)
        repeated = sorted({seed for seed in seeds if seeds.count(seed) > 1})
        if repeated:
            self.fail(f"{', '.join(map(str, repeated))} is named twice; each seed is one run", param, ctx)
        return seeds


class LauncherName(click.ParamType):
    """A launcher's name: completed from the catalog, looked up by `genelab.jobs.launcher.make_launcher`."""

    name = "launcher"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        launchers = discovered().launchers
        return [
            CompletionItem(name, help=spec.summary) for name, spec in launchers.items() if name.startswith(incomplete)
        ]


class KeyValue(click.ParamType):
    """`KEY=VALUE`."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            key, text = value
            return str(key), str(text)
        key, equals, text = value.partition("=")
        if not key.strip() or not equals:
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key.strip(), text.strip()


@dataclass(frozen=True)
class Processes:
    """The options as they were given; `None` for one that was not.

    Attributes:
        stages: Whether the tasks that this one begins with are trained first.
        launcher_option: Options of the launcher as (key, value).
        force: Files of an earlier submission may be replaced.
    """

    seeds: tuple[int, ...] | None
    stages: bool
    parallel: int | None
    launcher: str | None
    launcher_option: tuple[tuple[str, str], ...]
    force: bool
    gpus: int | None
    num_envs_per_gpu: int | None

    @property
    def launcher_options(self) -> Mapping[str, str]:
        return dict(self.launcher_option)

    def ranks(self) -> int:
        """Return how many processes train together: `--gpus`, or as many as `torch.distributed.run` started.

        Raises:
            UsageError: if the two differ.
        """
        size = World.from_environment().size
        if size > 1 and self.gpus not in (None, size):
            raise UsageError(
                f"--gpus {self.gpus}, and {size} ranks run already (WORLD_SIZE)",
                fix="leave --gpus out below torch.distributed.run",
            )
        return size if size > 1 else self.gpus or 1

    def starts_ranks(self) -> bool:
        """Return whether this process is to start others for its GPUs, and is not one of them."""
        return self.ranks() > 1 and World.from_environment().size == 1

    def refuse_options_of_seeds(self) -> None:
        """Raise `UsageError` if an option is given that means something for many seeds only."""
        given = {
            "--parallel": self.parallel is not None,
            "--launcher": self.launcher is not None,
            "--launcher-option": bool(self.launcher_option),
            "--force": self.force,
        }
        options = [option for option, value in given.items() if value]
        if options:
            raise UsageError(f"{', '.join(options)} is for many seeds", fix="add --seeds 1,2,3")


def launcher_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--parallel`, `--launcher` and `--launcher-option`."""
    for option in (
        click.option(
            "--launcher-option",
            type=KeyValue(),
            metavar="KEY=VALUE",
            multiple=True,
            help="Setting of the launcher, such as gpus=1 or partition=long (repeatable).",
        ),
        click.option("--launcher", type=LauncherName(), help="What starts the processes; local if omitted."),
        click.option("--parallel", type=Count, help="How many run at the same time; 1 if omitted."),
    ):
        command = option(command)
    return command


def process_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add all options of `Processes`, which the command gets as `processes`."""
    packed = filled(Processes, "processes")(command)
    for option in (
        click.option("--num-envs-per-gpu", type=Count, help="Parallel environments on each GPU."),
        click.option("--gpus", type=Count, help="Train on so many GPUs of this machine, one process each."),
        click.option("--force", is_flag=True, help="Replace the script of an earlier submission of these seeds."),
    ):
        packed = option(packed)
    packed = launcher_options(packed)
    packed = click.option(
        "--stages", is_flag=True, help="Train the tasks that this one begins with first, each in a process of its own."
    )(packed)
    return click.option(
        "--seeds", type=Seeds(), help="Train once for each of these seeds: --seeds 1,2,3, each in a process of its own."
    )(packed)
