"""A policy with goals: trained from demonstrations, exported as one flat input, run by the script of the docs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from genelab.demos.recording import PartialRecording, Recorder
from genelab.export.artifact import Artifact
from genelab.export.policy import ExportedPolicy
from genelab.export.writing import export_policy
from genelab.plugins.catalog import get_catalog
from genelab.plugins.tasks import load_task
from genelab.rl.backends.base import TrainContext
from genelab.rl.demonstrations import write_demonstrations
from genelab_backend_sb3.backend import Sb3Backend
from genelab_tasks_manipulation.franka.expert import PickAndPlaceExpert

TASK = "GeneLab-Franka-Pick-And-Place-v0"
SCRIPT = Path(__file__).parents[2] / "docs/how-to/franka/run_policy.py"


@pytest.fixture(scope="module")
def policy_file(franka_env, tmp_path_factory) -> Path:
    """An actor after a few updates on recorded steps, as an ONNX file."""
    folder = tmp_path_factory.mktemp("franka")
    recorder, partial = Recorder(franka_env, PickAndPlaceExpert(franka_env)), PartialRecording(folder / "parts", {})
    recorder.begin(partial)
    for _ in range(30):
        recorder.advance()
    write_demonstrations(folder / "demos.npz", partial.arrays(recorder), {"task": TASK, **recorder.about()})
    agent = load_task(TASK).cfg.agent
    agent.policy.net_arch, agent.batch_size, agent.save_interval, agent.logger = (32, 32), 64, 10**6, "none"
    agent.buffer_size, agent.extra_kwargs = 10 * 200, {"gradient_steps": 1, "ent_coef": 0.1}
    agent.demo_path = str(folder / "demos.npz")
    agent.imitation.updates_before = 2
    context = TrainContext(env=franka_env, agent=agent, log_dir=folder, task_id=TASK, max_iterations=1050)
    checkpoint = Sb3Backend().train(context).checkpoint
    setup = Sb3Backend().load(checkpoint, agent, franka_env)
    catalog = get_catalog()
    spec = catalog.exporter("onnx")
    path = folder / "policy.onnx"
    exporter = catalog.load(spec, spec.exporter)()
    export_policy(setup, franka_env, path, task=TASK, exporter=exporter, format="onnx")
    return path


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("run_policy", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_metadata_has_the_offsets_of_the_flat_input(policy_file):
    groups = Artifact.open(policy_file).metadata["obs_groups"]
    assert [(name, group["start"], group["dim"]) for name, group in groups.items()] == [
        ("observation", 0, 35),
        ("achieved_goal", 35, 3),
        ("desired_goal", 38, 3),
    ]


def test_the_script_of_the_docs_sees_acts_and_moves_as_the_environment_does(franka_env, policy_file, script):
    """It is given the environment's own Genesis entities, so nothing but the script can make a difference."""
    actuation = Artifact.open(policy_file).metadata["actuation"]
    facts, terms = actuation["robots"]["robot"], actuation["action_terms"]
    defaults = np.array(facts["default_joint_positions"])
    session, exported = onnxruntime.InferenceSession(str(policy_file)), ExportedPolicy(policy_file)
    robot, cube = franka_env.scene["robot"], franka_env.scene["cube"]
    franka_env.raw_observations = True
    franka_env.reset(seed=0, options={"evaluation": True})
    expert = PickAndPlaceExpert(franka_env)
    last = np.zeros((10, 4), np.float32)
    try:
        for step in range(40):
            groups = franka_env.get_observations()
            goal = groups["desired_goal"].numpy()
            seen = script.observe(robot.body, cube.body, goal, last, step, defaults)
            flat = torch.cat(list(groups.values()), dim=1).numpy()
            clean = np.ones(41, dtype=bool)
            clean[:24] = False  # the environment adds noise to these
            np.testing.assert_allclose(seen[:, clean], flat[:, clean], atol=1e-6)
            np.testing.assert_allclose(seen, flat, atol=0.051)
            acted = np.asarray(session.run(None, {"obs": flat})[0])
            np.testing.assert_allclose(acted, exported(groups).numpy(), atol=1e-5)
            action = expert(groups)
            meant = script.targets(robot.body, action.numpy(), *terms)
            last = action.numpy()
            franka_env.action_manager.process(action)
            np.testing.assert_allclose(meant, robot.target.numpy(), atol=1e-4)
            franka_env.step(action)
    finally:
        franka_env.raw_observations = False
