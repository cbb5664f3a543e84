"""Configs that the code before the redesign wrote are read for ever: what they name may move, but stays to be found."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from genelab.config.env import ManagerBasedRlEnvCfg
from genelab.config.serialization import to_json, with_first_names
from genelab.config.task import TaskCfg
from genelab.eval.report import config_sha256
from genelab.plugins.catalog import get_catalog
from genelab.runs.arena import measured_config
from genelab.runs.run_dir import RunDir
from genelab.utils.references import first_name, reference_of, resolve

DATA = Path(__file__).parent / "data"
TASKS: dict[str, Any] = json.loads(lzma.decompress((DATA / "params.json.xz").read_bytes()))


def open_run(folder: Path, task: str, backend: str | None) -> TaskCfg:
    """Write the params of a task as a run has them, and read them as `play`, `eval` and `--resume` do."""
    agent = {"backend": None, "agent": None} if backend is None else TASKS[task]["agents"][backend]
    (folder / "params").mkdir()
    (folder / "params/env.json").write_text(json.dumps(TASKS[task]["env"]))
    (folder / "params/agent.json").write_text(json.dumps(agent))
    return RunDir(folder).read_params(get_catalog().trusts)


@pytest.mark.parametrize("task", TASKS)
def test_an_old_run_of_a_task_gets_the_same_configs_today(task: str, tmp_path: Path) -> None:
    for backend, agent in (TASKS[task]["agents"] or {None: {"agent": None}}).items():
        folder = tmp_path / str(backend)
        folder.mkdir()
        cfg = open_run(folder, task, backend)
        assert with_first_names(to_json(cfg.agent)) == agent["agent"]
    for variant, config in TASKS[task]["env"].items():
        assert with_first_names(to_json(getattr(cfg, variant))) == config
    if isinstance(cfg.env, ManagerBasedRlEnvCfg):
        for variant, sha256 in TASKS[task]["config_sha256"].items():
            assert config_sha256(measured_config(cfg, task, variant)) == sha256, "eval.json compares"


def test_all_that_an_old_config_can_name_is_found_and_keeps_its_first_name() -> None:
    lost, renamed = [], []
    for reference in (DATA / "references.txt").read_text().split():
        try:
            today = reference_of(resolve(reference))
        except Exception as error:
            lost.append(f"{reference}: {error}")
        else:
            if first_name(today) != reference:
                renamed.append(f"{reference} is {today} now, whose first name is {first_name(today)}")
    assert lost == renamed == [], "name them in MOVED (genelab.utils.references)"
