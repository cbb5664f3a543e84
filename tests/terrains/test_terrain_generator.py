"""Height fields: seeds, kinds of cells, layout, and the picture. No simulator."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from genelab import terrains
from genelab.cli import root
from genelab.config import TerrainCfg
from genelab.config.serialization import from_json, to_json
from genelab.terrains.generator import column_kinds, generate
from genelab.terrains.ground import FlatGround, HeightField
from genelab.terrains.presets import PRESETS, every_kind, mixed
from genelab.utils.errors import UsageError


def small(cell, **fields):
    settings = {"levels": 3, "columns": 1, "cell_size": 6.0, "border": 0.5, **fields}
    return TerrainCfg(cells={"kind": cell}, **settings)


def cell_of(grid, level, column=0):
    """Return the heights of one cell, its shared edges included."""
    steps = round(grid.cell_size / grid.spacing)
    rim = (grid.heights.shape[0] - 1 - grid.levels * steps) // 2
    return grid.heights[
        rim + level * steps : rim + (level + 1) * steps + 1, rim + column * steps : rim + (column + 1) * steps + 1
    ]


KINDS = [
    terrains.FlatCfg(),
    terrains.SlopeCfg(),
    terrains.WavesCfg(),
    terrains.RoughCfg(),
    terrains.PyramidStairsCfg(),
    terrains.BoxesCfg(),
    terrains.SteppingStonesCfg(),
    terrains.GapsCfg(),
]


@pytest.mark.parametrize("cell", KINDS, ids=lambda cell: type(cell).__name__)
def test_a_cell_is_level_at_its_rim_and_gets_harder(cell):
    grid = generate(small(cell))
    first, last = cell_of(grid, 0), cell_of(grid, 2)
    assert last.shape == (61, 61)
    for edge in (first[0], first[-1], first[:, 0], first[:, -1]):
        assert np.abs(edge).max() < 1e-6
    if not isinstance(cell, terrains.FlatCfg):
        assert last.std() > first.std() or np.mean(last < -0.1) > np.mean(first < -0.1)


@pytest.mark.parametrize("cell", KINDS, ids=lambda cell: type(cell).__name__)
def test_a_robot_starts_on_level_ground(cell):
    if isinstance(cell, terrains.RoughCfg):
        cell = terrains.RoughCfg(platform=1.0)
    grid = generate(small(cell))
    middle = cell_of(grid, 2)[28:33, 28:33]
    assert np.ptp(middle) < 1e-6
    assert grid.origins[2, 0, 2] == pytest.approx(middle[2, 2])


def test_stairs_have_the_height_and_width_of_the_config():
    grid = generate(small(terrains.PyramidStairsCfg(step_height=(0.1, 0.2), step_width=0.5, platform=1.0)))
    profile = cell_of(grid, 1)[:31, 30]
    rises = np.diff(profile)
    assert np.allclose(rises[rises > 0], 0.15) and (rises > 0).sum() == 5
    assert set(np.diff(np.flatnonzero(rises > 0))) == {5}
    down = generate(small(terrains.PyramidStairsCfg(step_height=(-0.1, -0.2), step_width=0.5, platform=1.0)))
    assert np.allclose(cell_of(down, 1), -cell_of(grid, 1))


def test_slopes_have_the_gradient_of_the_config():
    profile = cell_of(generate(small(terrains.SlopeCfg(slope=(0.1, 0.3), platform=2.0))), 2)[:, 30]
    assert np.allclose(np.diff(profile)[1:19], 0.03, atol=1e-6)
    assert np.ptp(profile[20:41]) < 1e-6


def test_gaps_are_as_wide_as_the_config_says():
    profile = cell_of(generate(small(terrains.GapsCfg(width=(0.2, 0.6), depth=0.4), cell_size=8.0)), 2)[40:, 40]
    below = np.flatnonzero(profile < -0.2)
    assert below[0] == 11 and profile.min() == pytest.approx(-0.4)
    first = below[: 1 + int(np.argmax(np.diff(below) > 1))]
    assert (first[-1] - first[0] + 1) * 0.1 == pytest.approx(0.6)


def test_the_same_seed_gives_the_same_terrain_and_another_seed_another():
    cfg = every_kind()
    again, other = deepcopy(cfg), deepcopy(cfg)
    other.seed = 1
    heights = generate(cfg).heights
    assert np.array_equal(heights, generate(again).heights)
    assert not np.array_equal(heights, generate(other).heights)


def test_a_cell_depends_on_its_own_seed_alone():
    """More columns beside it, or another kind before it, do not change a cell."""
    one = small(terrains.RoughCfg(), columns=2)
    more = deepcopy(one)
    more.columns, more.levels = 4, 3
    assert np.array_equal(cell_of(generate(one), 1, 1), cell_of(generate(more), 1, 1))


def test_columns_follow_the_shares_and_every_kind_has_one():
    assert column_kinds(mixed()).count("boxes") == 2 and column_kinds(mixed()).count("slope_up") == 1
    cells = {"rare": terrains.FlatCfg(share=0.01), "common": terrains.BoxesCfg(share=5.0)}
    assert column_kinds(TerrainCfg(cells=cells, columns=4)) == ("rare", "common", "common", "common")


def test_what_cannot_be_built_is_refused():
    with pytest.raises(UsageError, match="multiple of spacing"):
        generate(small(terrains.FlatCfg(), cell_size=6.05))
    with pytest.raises(ValueError, match="too few"):
        TerrainCfg(cells={"a": terrains.FlatCfg(), "b": terrains.FlatCfg()}, columns=1)
    with pytest.raises(ValueError, match="initial_level"):
        TerrainCfg(cells={"a": terrains.FlatCfg()}, levels=2, initial_level=2)


def test_a_terrain_survives_json():
    cfg = every_kind()
    assert from_json(to_json(cfg)) == cfg


def test_the_surface_passes_through_its_vertices_and_is_flat_on_each_triangle():
    grid = generate(small(terrains.RoughCfg()))
    surface = HeightField(grid, torch.device("cpu"))
    i, j = 12, 30
    corner = torch.tensor(grid.corner, dtype=torch.float64)
    vertex = (corner + torch.tensor([i, j]) * grid.spacing).float()
    assert float(surface.height_at(vertex)) == pytest.approx(float(grid.heights[i, j]), abs=1e-4)
    quarter = (corner + (torch.tensor([i, j]) + torch.tensor([0.25, 0.25])) * grid.spacing).float()
    square = grid.heights[i : i + 2, j : j + 2]
    expected = square[0, 0] + 0.25 * (square[1, 0] - square[0, 0]) + 0.25 * (square[0, 1] - square[0, 0])
    assert float(surface.height_at(quarter)) == pytest.approx(float(expected), abs=1e-4)


def test_beyond_the_edge_the_last_height_goes_on_and_is_called_outside():
    grid = generate(small(terrains.FlatCfg()))
    surface = HeightField(grid, torch.device("cpu"))
    far = torch.tensor([[100.0, 0.0], [0.0, 0.0]])
    assert surface.height_at(far).tolist() == [0.0, 0.0]
    assert surface.outside(far).tolist() == [True, False]
    assert surface.outside(torch.tensor([grid.corner[0] + 0.5, 0.0]), margin=1.0)
    assert not FlatGround(0.3).outside(far).any() and FlatGround(0.3).height_at(far).tolist() == pytest.approx(
        [0.3] * 2
    )


def test_every_preset_can_be_generated():
    for name, make in PRESETS.items():
        cfg = make()
        cfg.spacing = 0.2
        assert np.isfinite(generate(cfg).heights).all(), name


def test_show_writes_a_picture_and_never_replaces_one_unasked(tmp_path):
    from PIL import Image

    out = tmp_path / "terrain.png"
    arguments = ["terrain", "show", "--preset", "stairs", "--out", str(out)]
    result = CliRunner().invoke(root, arguments, catch_exceptions=False)
    assert result.exit_code == 0 and "5 levels × 2 columns" in result.output
    with Image.open(out) as image:
        assert min(image.size) > 300 and len(image.getcolors(maxcolors=1 << 20) or []) > 20
    assert CliRunner().invoke(root, arguments).exit_code == 2
    assert CliRunner().invoke(root, [*arguments, "--force"]).exit_code == 0
    assert CliRunner().invoke(root, ["terrain", "show"]).exit_code == 2
    assert (
        CliRunner().invoke(root, ["terrain", "show", "GeneLab-Inverted-Pendulum-v0", "--out", "x.png"]).exit_code == 2
    )
