"""`genelab new`: a task pack that installs, trains and passes its own tests as generated."""

from __future__ import annotations

import importlib.util
import keyword
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template

import click

from genelab.api import TaskSpec
from genelab.console.options.common import force_option
from genelab.utils.errors import UsageError
from genelab.utils.files import write_text

TEMPLATE = Path(__file__).parent / "task_pack_template"
_SUFFIX = ".template"


@click.command()
@click.argument("name")
@click.option(
    "--path", "-p", type=click.Path(path_type=Path), default=Path(), help="Folder to make the folder NAME in; here."
)
@click.option("--package", help="Import package; made from NAME if omitted.")
@click.option("--task-id", help="Id of the task; <Package>-Example-v0 if omitted.")
@force_option
def command(name: str, path: Path, package: str | None, task_id: str | None, force: bool) -> None:
    """Create the task pack NAME: a robot, a task, an agent and a test, as a distribution of its own."""
    distribution = _distribution_name(name)
    target = path / name
    package = _checked_package(package if package is not None else _package_name(name), target)
    task_id = _checked_task_id(task_id if task_id is not None else f"{_camel_case(package)}-Example-v0")
    values = {"distribution": distribution, "package": package, "task_id": task_id}
    files = dict(_rendered(target, values))
    _refuse_collisions(target, list(files), force=force)
    for file, text in files.items():
        write_text(file, text)
    click.echo(f"created {target} with the task {task_id}\n")
    click.echo(f"  pip install -e {shlex.quote(f'{target}[train,test]')}")
    click.echo(f"  genelab train {task_id}")
    click.echo(f"  pytest {shlex.quote(str(target))}")


def _distribution_name(name: str) -> str:
    distribution = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not distribution or not name.isascii() or Path(name).name != name:
        raise UsageError(f"{name!r} is not a name", fix="use letters, digits and hyphens; the folder goes to --path")
    return distribution


def _package_name(name: str) -> str:
    package = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")
    return f"project_{package}" if package[:1].isdigit() else package


def _checked_package(package: str, target: Path) -> str:
    if not package.isidentifier() or not package.isascii() or keyword.iskeyword(package):
        raise UsageError(f"{package!r} cannot be imported", fix="choose a --package of letters, digits and underscores")
    if package in sys.stdlib_module_names or _is_elsewhere(package, target):
        raise UsageError(f"{package!r} is the name of an existing module", fix="choose another --package")
    return package


def _is_elsewhere(package: str, target: Path) -> bool:
    """Return whether another package of this name is installed; the pack itself may be, when it is written anew."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        return False
    places = spec.submodule_search_locations or [spec.origin or ""]
    return not any(Path(place).is_relative_to(target.absolute()) for place in places)


def _checked_task_id(task_id: str) -> str:
    try:
        return TaskSpec(id=task_id, config="package.module:name").id
    except ValueError as error:
        raise UsageError(f"{task_id!r} is not a task id: {error}", fix="for example --task-id My-Robot-v0") from None


def _camel_case(package: str) -> str:
    return "".join(word.capitalize() for word in package.split("_"))


def _rendered(target: Path, values: dict[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield each file of the pack with its text."""
    for source in sorted(TEMPLATE.rglob(f"*{_SUFFIX}")):
        parts = list(source.relative_to(TEMPLATE).parts)
        if parts[0] == "package":
            parts[0] = f"src/{values['package']}"
        parts[-1] = parts[-1].removesuffix(_SUFFIX)
        yield target.joinpath(*parts), Template(source.read_text(encoding="utf-8")).substitute(values)


def _refuse_collisions(target: Path, files: list[Path], *, force: bool) -> None:
    """Refuse to write where something is that the pack would replace or be mixed up with.

    Raises:
        UsageError: for a target that is a file, a folder with content (unless `force`), or a folder in a file's place.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file", fix="choose another NAME or --path")
    if target.is_dir() and any(target.iterdir()) and not force:
        raise UsageError(
            f"{target} is not empty", fix="choose another NAME, or pass --force to replace the pack's files"
        )
    for file in files:
        if file.is_dir():
            raise UsageError(f"{file} is a folder, and a file of the pack should be there", fix="move it away")
        above = next((parent for parent in file.parents if parent.exists()), None)
        if above is not None and not above.is_dir():
            raise UsageError(f"{above} is a file, and a folder of the pack should be there", fix="move it away")
