"""Looks: a robot in its maker's meshes, where the user has them. The physics never changes."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from genelab.utils.errors import UsageError

MESHES_VARIABLE = "GENELAB_MESHES"
SUFFIXES = (".obj", ".stl", ".STL")
LOOKS = ("trim", "shape")
"""Classes of geoms that do not collide."""


def model(path: Path) -> str:
    """Return the path of a model, or its XML with meshes where `GENELAB_MESHES` names a folder that has them.

    The folder holds one folder per robot, named as its MJCF file, with a file per link in the link's frame:
    `unitree_g1/pelvis.STL`. A link without a file keeps its primitive shapes.

    Raises:
        UsageError: if the variable names no folder.
    """
    meshes = os.environ.get(MESHES_VARIABLE)
    if not meshes:
        return str(path)
    if not Path(meshes).is_dir():
        raise UsageError(f"no such folder: {meshes}", where=MESHES_VARIABLE, fix="unset it for primitive shapes")
    found = _mesh_files(Path(meshes) / path.stem)
    return with_meshes(path, found) if found else str(path)


def _mesh_files(folder: Path) -> dict[str, Path]:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.stem: file.resolve() for file in files if file.suffix in SUFFIXES}


def with_meshes(path: Path, meshes: dict[str, Path]) -> str:
    """Return the XML of the model at `path` in which links wear meshes, by link name, instead of their looks."""
    root = ElementTree.parse(path).getroot()
    assets = root.find("asset")
    assert assets is not None, "every model of this pack has materials"
    for body in root.iter("body"):
        name = body.get("name", "")
        if name not in meshes:
            continue
        for geom in body.findall("geom"):
            if geom.get("class") in LOOKS:
                body.remove(geom)
            else:
                geom.set("group", "3")  # collides as before, but is not drawn
        ElementTree.SubElement(assets, "mesh", name=name, file=str(meshes[name]))
        # The looks' class has no mass of its own; the body's inertia is stated.
        body.insert(
            len(body.findall("joint")) + 1, ElementTree.Element("geom", {"class": "trim", "type": "mesh", "mesh": name})
        )
    return ElementTree.tostring(root, encoding="unicode")
