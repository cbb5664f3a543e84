"""Run extensions: what plugins add to the loops of `train` and `play`, such as a profiler, a film or a viewer.

A plugin names its class in a `genelab.api.RunExtensionSpec`. One object of it is made for each call of the command: it
adds options, says whether it takes part, and is then entered around the loop.

    class Countdown(RunExtension):
        def options(self):
            return [click.Option(["--countdown"], type=int, help="Say how many steps are left.")]

        def configure(self, values):
            self.left = values["countdown"]
            return self.left is not None

        def after_step(self, step, env_steps, scalars):
            self.loop.say(f"{self.left - step} left")

An extension that fails costs only itself: that is said in one line, and the command goes on without it, unless one of
its options was given. A `GenelabError`, which says what to do, always ends the command.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genelab.api import RunExtensionSpec
from genelab.plugins.catalog import discovered
from genelab.sim.viewer import ViewerClosed
from genelab.utils.errors import GenelabError, first_line

if TYPE_CHECKING:
    import click

    from genelab.envs.vec_env import VecEnv
    from genelab.rl.policy import Policy

Command = Literal["train", "play"]


@dataclass
class Loop:
    """What an extension gets of the loop that it takes part in.

    Attributes:
        command: `"train"` or `"play"`.
        task_id: The task's id.
        env: The environment, built and not yet reset.
        folder: Where files go: the run directory of a training, `logs/` for `play`.
        say: Shows a line on standard error, above a progress bar.
        policy: What acts in `play`; an extension that is being entered may put another one in its place. `None` in a
            training, whose backend owns the policy, and in a scene that plays itself.
    """

    command: Command
    task_id: str
    env: VecEnv
    folder: Path
    say: Callable[[str], None]
    policy: Policy | None = None


class RunExtension:
    """Takes part in one call of `train` or `play`; of several ranks that train together, in the main one only.

    Attributes:
        command: `"train"` or `"play"`.
        loop: The loop, once `around` was called.
    """

    loop: Loop

    def __init__(self, command: Command) -> None:
        self.command = command

    def options(self) -> Sequence[click.Option]:
        """Return the options to add to the command. Their names must be new to it."""
        return ()

    def configure(self, values: Mapping[str, Any]) -> bool:
        """Return whether to take part, before anything has started.

        Args:
            values: Values of the options by parameter name (`--my-rate` is `"my_rate"`), given or by default.

        Raises:
            UsageError: for values that do not go together.
        """
        return True

    def around(self, loop: Loop) -> AbstractContextManager[object]:
        """Return what is entered before the loop begins and left when it has ended, in whatever way."""
        return nullcontext()

    def watch(self, label: str, target: Any, method: str) -> None:
        """Hear that `target.method` is a part of a training's algorithm, see `TrainContext.watch`.

        Args:
            label: `"policy"` (observations to actions) or `"update"`.
            target: The object.
            method: Name of its method.
        """

    def after_step(self, step: int, env_steps: int, scalars: Mapping[str, float]) -> None:
        """Hear that a step has ended; in `play`, `ViewerClosed` ends the loop.

        Args:
            step: Control steps of `play`; iterations of a training as its backend counts them.
            env_steps: Environment steps, summed over envs.
            scalars: In a training what the iteration logged, see `TrainContext.on_iteration`.
        """


@dataclass
class _Part:
    """An extension in this call: whose it is, its options, whether one was given, and whether it takes part."""

    name: str
    plugin: str
    extension: RunExtension = field(init=False)
    options: list[click.Option] = field(default_factory=list)
    asked: bool = False
    active: bool = False


class Extensions:
    """The run extensions in one call of a command.

    Args:
        command: The command.
        own: The command's own parameters; an extension cannot add an option of the same name.
        say: Told in one line what is left out, and why; standard error when omitted.

    Attributes:
        options: Options of all extensions.
    """

    def __init__(
        self, command: Command, *, own: Iterable[click.Parameter] = (), say: Callable[[str], None] | None = None
    ) -> None:
        self.options: list[click.Option] = []
        self._command: Command = command
        self._taken = _names(own)
        self._say = say or (lambda text: print(text, file=sys.stderr))
        self._parts: list[_Part] = []
        for spec in discovered().extensions_of(command):
            self._load(spec)

    def configure(self, values: Mapping[str, Any], given: Collection[str]) -> Extensions:
        """Let each extension decide whether it takes part; return all of them.

        Args:
            values: Values of `options` by parameter name.
            given: Names of those that the user gave.

        Raises:
            GenelabError: for values that an extension refuses, or a failure of one whose option was given.
        """
        for part in self._parts:
            own = {str(option.name): values[str(option.name)] for option in part.options}
            part.asked = not own.keys().isdisjoint(given)
            with self._guard(part):
                part.active = part.extension.configure(own)
        return self

    @contextmanager
    def around(self, loop: Loop) -> Iterator[None]:
        """Enter the extensions that take part, around the block that runs the loop."""
        self._say = loop.say
        with ExitStack() as stack:
            for part in self._active():
                with self._guard(part):
                    part.extension.loop = loop
                    manager = part.extension.around(loop)
                    manager.__enter__()
                    stack.push(partial(self._leave, part, manager))
            yield

    def watch(self, label: str, target: Any, method: str) -> None:
        """Name a part of the algorithm to the extensions; this is `TrainContext.watch`."""
        for part in self._active():
            with self._guard(part):
                part.extension.watch(label, target, method)

    def after_step(self, step: int, env_steps: int, scalars: Mapping[str, float]) -> None:
        """Tell the extensions that a step has ended."""
        for part in self._active():
            with self._guard(part):
                part.extension.after_step(step, env_steps, scalars)

    def _active(self) -> list[_Part]:
        return [part for part in self._parts if part.active]

    def _load(self, spec: RunExtensionSpec) -> None:
        catalog = discovered()
        part = _Part(spec.name, catalog.owner(spec).name)
        with self._guard(part, loading=True):
            part.extension = catalog.load(spec, spec.extension)(self._command)
            part.options = list(part.extension.options())
            names = _names(part.options)
            if not names.isdisjoint(self._taken):
                raise ValueError(f"{', '.join(sorted(names & self._taken))} is taken already")
            self._taken |= names
            self._parts.append(part)
            self.options += part.options

    def _leave(self, part: _Part, manager: AbstractContextManager[object], *error: Any) -> None:
        """Leave an extension; it cannot hide the error that ended the loop."""
        with self._guard(part):
            manager.__exit__(*error)

    @contextmanager
    def _guard(self, part: _Part, *, loading: bool = False) -> Iterator[None]:
        """Let a failure inside the block cost only the extension, unless one of its options was given."""
        try:
            yield
        except (Exception, SystemExit) as error:
            if isinstance(error, GenelabError | ViewerClosed) and not loading:
                raise
            part.active = False
            reason = error.what if isinstance(error, GenelabError) else f"{type(error).__name__}: {first_line(error)}"
            what = f"plugin {part.plugin}: run extension {part.name} failed: {reason}"
            selection = discovered().selection
            if part.asked or selection.strict:
                raise GenelabError(what, fix="leave out its options, or GENELAB_DEBUG=1 shows more") from error
            if selection.pinned is None or not loading:  # the parent process has loaded it, too, and said so
                self._say(f"warning: {what}; {self._command} goes on without it")


def default_extensions(command: Command) -> Extensions:
    """Return the extensions as the command has them when none of their options is given."""
    import click

    extensions = Extensions(command)
    context = click.Command(command, params=[*extensions.options]).make_context(command, [])
    return extensions.configure(context.params, ())


def _names(params: Iterable[click.Parameter]) -> set[str]:
    """Return all names that parameters of a command go by."""
    return {name for param in params for name in (str(param.name), *param.opts, *param.secondary_opts)}
