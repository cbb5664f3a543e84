"""What commands share: the task argument, config overrides, and options that mean the same everywhere.

    @task_command(short_help="Train a policy.")
    @backend_option
    @click.option("--num-envs", type=click.IntRange(min=1))
    def command(task: str, overrides: list[tuple[str, str]], backend: str | None, num_envs: int | None) -> None:
        ...

The task may come before or after the options, `--num_envs` is `--num-envs`, `--env.decimation 2` arrives in `overrides`
wherever it stands, and any other unknown option is an error that names the nearest one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import field, fields
from typing import Any

import click
from click.shell_completion import CompletionItem

from genelab.plugins.catalog import discovered
from genelab.utils.names import normalize

ARGUMENTS = "genelab.arguments"
"""Key of `click.Context.meta` under which a task command keeps its own arguments, as they were given."""

VERDICT_STATUS = {"pass": 0, "fail": 1, "inconclusive": 3}
"""Exit status of a command that compares, by its verdict."""


def hyphens(token: str) -> str:
    """Return the spelling under which options are compared: `--num_envs` is `--num-envs`."""
    return token.replace("_", "-")


class TaskId(click.ParamType):
    """A task's id: completed from the catalog, looked up by `genelab.plugins.tasks.load_task`."""

    name = "task"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        tasks = discovered().tasks
        key = normalize(incomplete)
        return [
            CompletionItem(name, help=spec.summary) for name, spec in tasks.items() if normalize(name).startswith(key)
        ]


class BackendName(click.ParamType):
    """A backend's name: completed from the catalog, looked up by `load_task`."""

    name = "backend"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        backends = discovered().backends
        return [
            CompletionItem(name, help=spec.summary) for name, spec in backends.items() if name.startswith(incomplete)
        ]


class TaskCommand(click.Command):
    """A command about a task: its callback gets the dotted options as `overrides`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context_settings.setdefault("token_normalize_func", hyphens)
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])
        self.params.insert(0, click.Argument(["task"], type=TaskId()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = tuple(args)
        others, overrides = split_overrides(args)
        rest = super().parse_args(ctx, others)
        ctx.params["overrides"] = overrides
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[--env.PATH VALUE]..."]


def split_overrides(args: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Separate `--a.b VALUE` and `--a.b=VALUE` from the other arguments; what follows `--` is left alone.

    Raises:
        UsageError: for an override without a value.
    """
    others: list[str] = []
    dotted: list[str] = []
    queue = list(args)
    while queue:
        token = queue.pop(0)
        if token == "--":
            others += [token, *queue]
            break
        name, equals, _ = token.partition("=")
        if not (name.startswith("--") and "." in name):
            others.append(token)
            continue
        dotted.append(token)
        if not equals:
            dotted += queue[:1]
            del queue[:1]
    if not dotted:
        return others, []
    from genelab.config.overrides import parse_overrides

    return others, parse_overrides(dotted)


def task_command(**settings: Any) -> Callable[[Callable[..., Any]], TaskCommand]:
    """Decorate a function as a command about a task; `settings` are those of `click.command`."""
    return click.command(cls=TaskCommand, **settings)


def option(*names: str, **settings: Any) -> Any:
    """Declare a field of a dataclass as an option, `--like-its-name` unless `names` say otherwise; see `filled`.

        @dataclass(frozen=True, kw_only=True)
        class PlayOptions:
            num_envs: int | None = option(type=click.IntRange(min=1), help="Parallel environments.")

    Args:
        names: Spellings of the option.
        settings: Those of `click.option`.
    """
    default = settings.get("default", False if settings.get("is_flag") else None)
    return field(default=default, metadata={"names": names, "settings": settings})


def filled(kind: type[Any], parameter: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command, as `parameter`, one dataclass instead of all the options that are named like its fields.

    Args:
        kind: The dataclass. Its fields that are declared with `option` become options of the command; values of the
            others come from options, arguments and overrides that the command has anyway.
        parameter: What the command calls the object.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_object(**arguments: Any) -> Any:
            own = {field.name: arguments.pop(field.name) for field in fields(kind) if field.name in arguments}
            return command(**arguments, **{parameter: kind(**own)})

        decorated: Callable[..., Any] = with_object
        for declared in reversed(fields(kind)):
            if "settings" in declared.metadata:
                names = declared.metadata["names"] or (f"--{declared.name.replace('_', '-')}",)
                decorated = click.option(*names, declared.name, **declared.metadata["settings"])(decorated)
        return decorated

    return decorate


backend_option = click.option("--backend", type=BackendName(), help="RL library; the task's default if omitted.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
force_option = click.option("--force", is_flag=True, help="Replace existing files.")
