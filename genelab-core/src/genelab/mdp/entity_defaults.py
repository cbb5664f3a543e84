"""The entity that terms mean when a task names none."""

from __future__ import annotations

from typing import Any

from genelab.config.terms import SceneEntityCfg

ROBOT: Any = SceneEntityCfg(name="robot")
"""Default of `SceneEntity` parameters; the managers replace it by the resolved entity."""
