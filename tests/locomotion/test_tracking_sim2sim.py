"""A tracking policy as a file: what it says of its reference, and the same robot after it in MuJoCo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genelab.export.torchscript import TorchScriptExporter
from genelab.export.writing import export_policy
from genelab.rl.backends.base import InferenceSetup
from genelab.sim2sim.documents import Sim2simRequest
from genelab.sim2sim.running import sim2sim
from genelab.utils.files import sha256_file
from genelab_tasks_locomotion.motion.shipped import find_file

pytestmark = pytest.mark.genesis

TASK = "Genelab-Tracking-Flat-Unitree-G1-v0"


@pytest.fixture(scope="module")
def exported(g1_tracking: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random network: near the reference, and not on it."""
    torch.manual_seed(0)
    actor = nn.Sequential(nn.Linear(160, 16), nn.Tanh(), nn.Linear(16, 29))
    path = tmp_path_factory.mktemp("tracking") / "policy.ts"
    setup = InferenceSetup(("policy",), actor, 160, 29)
    export_policy(setup, g1_tracking, path, task=TASK, exporter=TorchScriptExporter(), format="torchscript")
    return path


def test_the_file_says_which_inputs_are_the_reference_and_where_its_frames_are(exported: Path) -> None:
    metadata = json.loads((exported.parent / f"{exported.name}.metadata.json").read_text())
    terms = {term["name"]: term for term in metadata["obs_groups"]["policy"]["terms"]}
    assert (terms["reference"]["start"], terms["reference"]["dim"]) == (0, 58)
    command = metadata["deployment"]["commands"]["motion"]
    assert (command["clip"], command["dim"]) == ("squat_and_reach", 65)
    assert command["layout"] == {"joint_pos": 29, "joint_vel": 29, "anchor_pos": 3, "anchor_quat": 4}
    facts = command["motion"]
    assert (facts["fps"], facts["num_frames"]) == (50.0, 501)
    assert facts["joint_names"] == metadata["actuation"]["robots"]["robot"]["joint_names"]
    assert facts["sha256"] == sha256_file(find_file("squat_and_reach", ".npz"))
    (action,) = metadata["actuation"]["action_terms"]
    assert action["around"] == "motion"


def test_in_mujoco_its_own_program_sees_and_asks_for_what_the_task_does(exported: Path) -> None:
    report = sim2sim(Sim2simRequest(TASK, exported, episodes=4, seed=1)).to_json()
    assert report["checks"]["left_out"] == {} and report["warnings"][1:] == []
    assert max(report["checks"]["observations"].values()) < 1e-3
    assert report["checks"]["targets"] < 1e-4
    evaluation = report["evaluation"]
    assert {"joint_error", "body_error", "clip_share"} <= evaluation["aggregates"]["custom"].keys()
    assert report["trajectory"]["observations"].keys() == report["checks"]["observations"].keys()
    profile = evaluation["profiles"]["joint_error"]
    assert sum(profile["counts"]) == sum(row["length"] for row in evaluation["episodes"])
    assert (profile["unit"], len(profile["means"])) == ("rad", len(profile["places"]))
