"""`genelab terrain`: look at terrains."""

from __future__ import annotations

import json
from pathlib import Path

import click

from genelab.config.terrain import TerrainCfg
from genelab.console.options.common import TaskId, force_option, json_option
from genelab.terrains.presets import PRESETS
from genelab.utils.errors import GenelabError, UsageError, first_line
from genelab.utils.names import unknown_name


@click.group()
def command() -> None:
    """Look at terrains."""


@command.command("show")
@click.argument("task", type=TaskId(), required=False)
@click.option("--preset", metavar="NAME", help=f"A terrain of the core instead of a task's: {', '.join(PRESETS)}.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("terrain.png"),
    show_default=True,
    help="The picture.",
)
@force_option
@json_option
def show_command(task: str | None, preset: str | None, out: Path, force: bool, as_json: bool) -> None:
    """Draw the terrain of TASK, or of a preset, from above. No simulator is started."""
    if (task is None) == (preset is None):
        raise UsageError("name a task or a preset", fix="genelab terrain show --preset mixed")
    if out.suffix.lower() != ".png":
        raise UsageError(f"{out} is no .png file", where="--out")
    if out.exists() and not force:
        raise UsageError(f"{out} exists", where="--out", fix="--force replaces it")
    cfg = _preset_terrain(preset) if preset is not None else _task_terrain(str(task))

    try:
        from genelab.terrain_pictures.picture import write_picture
    except ImportError as error:
        raise GenelabError(
            f"drawing terrains needs Pillow: {first_line(error)}", fix="pip install 'genelab-core[terrain-pictures]'"
        ) from error
    from genelab.terrains.generator import generate

    grid = generate(cfg)
    write_picture(grid, out)
    low, high = float(grid.heights.min()), float(grid.heights.max())
    size = [round((count - 1) * grid.spacing, 3) for count in grid.heights.shape]
    facts = {"kinds": list(grid.kinds), "levels": grid.levels, "size_m": size, "lowest_m": low, "highest_m": high}
    if as_json:
        click.echo(json.dumps({**facts, "vertices": list(grid.heights.shape), "picture": str(out)}, indent=2))
        return
    click.echo(
        f"{grid.levels} levels × {grid.columns} columns, {size[0]:g} m × {size[1]:g} m, {low:.2f} to {high:.2f} m"
    )
    click.echo(f"columns: {', '.join(grid.kinds)}")
    click.echo(f"wrote {out}")


def _preset_terrain(name: str) -> TerrainCfg:
    if name not in PRESETS:
        raise unknown_name("terrain preset", name, PRESETS)
    return PRESETS[name]()


def _task_terrain(task: str) -> TerrainCfg:
    from genelab.plugins.tasks import load_task

    loaded = load_task(task)
    terrain = loaded.cfg.env.scene.terrain
    if terrain is None:
        raise UsageError(f"{loaded.spec.id} stands on flat ground", fix="choose a task with a terrain, or --preset")
    return terrain
