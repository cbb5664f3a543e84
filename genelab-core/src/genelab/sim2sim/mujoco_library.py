"""MuJoCo itself, imported so that it can draw without a display."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from genelab.utils.errors import GenelabError


def _imported() -> Any:
    if sys.platform == "linux" and "DISPLAY" not in os.environ:
        os.environ.setdefault("MUJOCO_GL", "egl")  # mujoco reads it when it is imported
    try:
        return importlib.import_module("mujoco")
    except ImportError as error:
        raise GenelabError(f"the engine mujoco needs MuJoCo: {error}", fix="pip install 'mujoco>=3.2.5'") from error


mujoco: Any = _imported()  # its names come from a binary module, of which type checkers know nothing
