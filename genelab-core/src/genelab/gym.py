"""Registers the installed tasks with gymnasium: `import genelab.gym`, then `gymnasium.make_vec("genelab/<task id>")`.

In one line: `gymnasium.make_vec("genelab.gym:genelab/<task id>", num_envs=64)`.
"""

from __future__ import annotations

import gymnasium

from genelab.plugins.catalog import get_catalog

for _task_id, _spec in get_catalog().tasks.items():
    if _spec.kind == "rl":
        gymnasium.register(
            id=f"genelab/{_task_id}",
            vector_entry_point="genelab.envs.gymnasium_env:GymnasiumVectorEnv",
            kwargs={"task_id": _task_id},
        )
