"""The clips of this pack, and their descriptions, by name."""

from __future__ import annotations

from pathlib import Path

from genelab.utils.names import unknown_name

FOLDER = Path(__file__).parent / "clips"


def shipped_clips() -> list[str]:
    """Return the names of the clips."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))


def find_file(name: str, suffix: str) -> Path:
    """Return the path of a file, or of the shipped one of this name.

    Raises:
        UsageError: if a plain name is neither.
    """
    path = Path(name)
    if path.exists() or path.suffix:
        return path
    known = sorted(file.stem for file in FOLDER.glob(f"*{suffix}"))
    if name not in known:
        raise unknown_name("clip", name, known)
    return FOLDER / f"{name}{suffix}"
