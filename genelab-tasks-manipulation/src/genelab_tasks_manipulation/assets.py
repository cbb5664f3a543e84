"""Models that ship inside genesis-world: nothing is downloaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from genelab.utils.errors import GenelabError


def genesis_asset(name: str) -> str:
    """Return the path of a file below the assets of the installed genesis-world, without importing it.

    Args:
        name: Relative path, such as `"xml/franka_emika_panda/panda.xml"`.

    Raises:
        GenelabError: if this version of genesis-world does not have it.
    """
    spec = find_spec("genesis")
    if spec is None or not spec.submodule_search_locations:
        raise GenelabError("genesis-world is not installed", fix="pip install genesis-world")
    path = Path(spec.submodule_search_locations[0]) / "assets" / name
    if not path.is_file():
        raise GenelabError(
            f"the installed genesis-world does not have the model {name}",
            where=str(path.parent),
            fix="install genesis-world 1.4 or newer",
        )
    return str(path)
