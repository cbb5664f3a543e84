"""Runs an exported policy in another simulator and says how far it is from Genesis: what `genelab sim2sim` does."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genelab.config.scene import ArticulationCfg
from genelab.export.artifact import Artifact
from genelab.export.metadata import reference_path
from genelab.export.policy import ExportedPolicy
from genelab.plugins.catalog import get_catalog
from genelab.runs.arena import measured_config, metric_specs
from genelab.runs.eval_request import EvalRequest
from genelab.runs.source import open_source
from genelab.sim2sim.documents import Sim2simReport, Sim2simRequest, Trajectory
from genelab.utils.errors import UsageError
from genelab.utils.files import check_output, write_json

if TYPE_CHECKING:
    from genelab.api import EngineSpec
    from genelab.config.env import ManagerBasedRlEnvCfg
    from genelab.eval.document import Evaluation
    from genelab.export.reference import ReferenceRollout
    from genelab.sim2sim.description import RobotModel
    from genelab.sim2sim.engine import Engine
    from genelab.sim2sim.film import EpisodeFilm

MAX_ROBOTS = 256
"""Robots side by side; an engine may step them one after the other, so more would only take memory."""


def sim2sim(
    request: Sim2simRequest, on_progress: Callable[[int, int], None] = lambda counted, episodes: None
) -> Sim2simReport:
    """Run an exported policy in another simulator from its metadata alone, with the task as referee.

    Args:
        request: What to run.
        on_progress: Called with (counted, asked for) whenever episodes finished.

    Raises:
        UsageError: for an unknown name, a policy that is not an exported file of a robot, an observation, actuator,
            action or scene that cannot be had outside Genesis, or an `eval.json` of other episodes.
        GenelabError: if a file is damaged, or the robot's model is not the one that the policy was exported with.
    """
    spec = get_catalog().engine(request.engine)
    _check_files(request)
    if request.command is not None and request.against is not None:
        raise UsageError("--command and --against exclude each other: Genesis' episodes have other commands")
    source = open_source(request.task, request.policy, overrides=request.overrides, trust=request.trust)
    artifact = source.file
    assert isinstance(artifact, Artifact)
    genesis = None if request.against is None else _read_evaluation(request.against, artifact, request)

    from genelab.eval.comparison import protocol_differences
    from genelab.managers.command_script import CommandScript
    from genelab.sim2sim.description import require_deployment
    from genelab.sim2sim.differences import metric_differences
    from genelab.sim2sim.engine_arena import EngineArena

    deployment = require_deployment(artifact.metadata, artifact.path.name)
    cfg, task = measured_config(source.loaded.cfg, source.loaded.spec.id, "eval_env"), source.loaded.spec.id
    build = _engine_factory(spec, artifact, deployment, cfg)
    script = None if request.command is None else CommandScript(request.command, deployment["commands"])
    network, reference = ExportedPolicy(artifact), _read_reference(artifact)

    slots = min(request.episodes, MAX_ROBOTS)
    asked = EvalRequest(task=task, episodes=request.episodes, seed=request.seed, overrides=request.overrides)
    arena = EngineArena(cfg, metric_specs(), network, build, num_envs=slots, seed=request.seed, script=script)
    try:
        with _film(request.video, arena.env.step_dt) as recorder:
            result = arena.measure(arena.policy, asked, recorder=recorder, on_progress=on_progress)
        evaluation = arena.report(result, source, arena.policy, asked)
        warnings = [warning["message"] for warning in evaluation.warnings] + arena.warnings()
        if genesis is not None:
            others = protocol_differences(genesis, evaluation)
            warnings += [f"Genesis measured something else: {line}" for line in others]
        report = Sim2simReport(
            task=task,
            policy=str(artifact.path),
            engine={"name": arena.engine.name, "version": arena.engine.version},
            command=request.command,
            video=None if request.video is None else str(request.video),
            evaluation=evaluation,
            against=None if request.against is None else str(request.against),
            differences=None if genesis is None else metric_differences(genesis.episodes, evaluation.episodes),
            trajectory=None if reference is None else _trajectory(reference, network, build),
            checks=arena.checks(),
            warnings=warnings,
        )
    finally:
        arena.close()
    if request.out is not None:
        write_json(request.out, report.to_json())
    return report


def _check_files(request: Sim2simRequest) -> None:
    """Refuse targets that exist, and a policy that was not exported, before anything is read."""
    for target in (request.out, request.video):
        if target is not None:
            check_output(target, force=request.force)
    suffixes = {spec.suffix for spec in get_catalog().exporters.values()}
    if request.policy.suffix not in suffixes:
        raise UsageError(
            f"{request.policy} is not an exported policy: their names end in {' or '.join(sorted(suffixes))}",
            fix="genelab export TASK CHECKPOINT --format onnx",
        )


def _read_evaluation(path: Path, artifact: Artifact, request: Sim2simRequest) -> Evaluation:
    """Read Genesis' report and refuse one of another policy or of other episodes, before anything runs."""
    from genelab.eval.report import read_report

    report = read_report(path)
    wanted = {"policy": artifact.metadata["sha256"], "episodes": request.episodes, "seed": request.seed}
    found = {"policy": report.policy.sha256, "episodes": report.num_episodes, "seed": report.seed}
    lines = [f"{name}: {found[name]} against {wanted[name]}" for name in wanted if found[name] != wanted[name]]
    if lines:
        raise UsageError(
            "this evaluation is not one of the same policy in the same episodes:\n    " + "\n    ".join(lines),
            where=str(path),
            fix="run `genelab eval` with the exported file, and sim2sim with the same --episodes and --seed",
        )
    return report


def _engine_factory(
    spec: EngineSpec, artifact: Artifact, deployment: dict[str, Any], cfg: ManagerBasedRlEnvCfg
) -> Callable[[int], Engine]:
    """Return a function that makes the engine with so many robots.

    Raises:
        UsageError: if the policy acts in other steps than today's task.
    """
    from genelab.sim2sim.description import Camera, read_physics

    physics, robot, camera = read_physics(deployment), _robot(deployment, cfg), cfg.scene.camera
    if not math.isclose(physics.step_dt, cfg.step_dt, rel_tol=1e-6):
        raise UsageError(
            f"the policy acts every {physics.step_dt:g} s, and today's task every {cfg.step_dt:g} s",
            where=str(artifact.path),
            fix="give the task the tick and decimation of the export (--eval_env.decimation), or train anew",
        )
    view = Camera(camera.resolution, camera.position, camera.lookat, camera.fov, camera.follow is not None)
    make_engine = get_catalog().load(spec, spec.engine)
    return lambda num_envs: make_engine(robot, physics, num_envs, view)


def _robot(deployment: dict[str, Any], cfg: ManagerBasedRlEnvCfg) -> RobotModel:
    """Return the metadata's robot with the task's MJCF, which must be the one of the export."""
    from genelab.envs.deployment import model_xml
    from genelab.sim2sim.description import read_robot, robot_name

    name = robot_name(deployment)
    entity = cfg.scene.entities.get(name)
    if not isinstance(entity, ArticulationCfg):
        raise UsageError(f"the task has no robot {name!r}, which the policy was exported with")
    xml, file = model_xml(entity)
    return read_robot(deployment, xml, None if file is None else str(file.parent))


def _film(video: Path | None, step_dt: float) -> EpisodeFilm | nullcontext[None]:
    if video is None:
        return nullcontext()
    from genelab.sim2sim.film import EpisodeFilm

    return EpisodeFilm(video, step_dt)


def _read_reference(artifact: Artifact) -> ReferenceRollout | None:
    """Return the reference rollout that lies beside the policy; `None` if it was exported without."""
    described = artifact.metadata["reference"]
    if described is None:
        return None
    from genelab.export.reference import ReferenceRollout

    return ReferenceRollout.read(reference_path(artifact.path), described["sha256"])


def _trajectory(reference: ReferenceRollout, network: ExportedPolicy, build: Callable[[int], Engine]) -> Trajectory:
    """Repeat the reference rollout."""
    from genelab.sim2sim.trajectories import compare_trajectories

    engine = build(reference.qpos.shape[1])
    try:
        return compare_trajectories(engine, network, reference)
    finally:
        engine.close()
