"""`genelab motion`: make, look at and check reference motions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from genelab.console.options.common import force_option, hyphens, json_option
from genelab.utils.errors import GenelabError
from genelab.utils.files import check_output

Out = click.Path(path_type=Path, dir_okay=False)
Rate = click.FloatRange(min=0, min_open=True)
clip_argument = click.argument("clip", metavar="CLIP")
out_argument = click.argument("out", type=Out)
robot_option = click.option("--robot", metavar="NAME", help="Whose motion it is; what the clip says if omitted.")


@click.group(context_settings={"token_normalize_func": hyphens, "help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make, look at and check reference motions.

    CLIP is an .npz file or the name of a clip of the pack, which `genelab motion list` shows.
    """


@command.command("list")
def list_command() -> None:
    """List the clips of the pack."""
    from genelab.console.tables.text import table
    from genelab_tasks_locomotion.motion.clip_file import read_clip
    from genelab_tasks_locomotion.motion.shipped import find_file, shipped_clips

    clips = {name: read_clip(find_file(name, ".npz")) for name in shipped_clips()}
    rows = [[name, f"{clip.duration:.1f} s", clip.metadata.get("summary", "")] for name, clip in clips.items()]
    click.echo(table(rows))


@command.command("info")
@clip_argument
@json_option
def info_command(clip: str, as_json: bool) -> None:
    """Say what is in CLIP."""
    loaded = _read(clip)
    facts: dict[str, Any] = {
        "fps": loaded.fps,
        "frames": loaded.num_frames,
        "duration_s": round(loaded.duration, 3),
        "joints": len(loaded.joint_names),
        "bodies": len(loaded.body_names),
        "planted_feet": list(loaded.foot_names),
        **loaded.metadata,
    }
    if as_json:
        names = {"joint_names": loaded.joint_names, "body_names": loaded.body_names}
        click.echo(json.dumps({**facts, **names}, indent=2))
        return
    from genelab.console.tables.text import table

    click.echo(table([[key, ", ".join(v) if isinstance(v, list) else f"{v}"] for key, v in facts.items()]))


@command.command("check", epilog="Exit status: 0 when everything passes, 1 when something does not, 2 for wrong usage.")
@clip_argument
@robot_option
@json_option
def check_command(clip: str, robot: str | None, as_json: bool) -> None:
    """Check whether a robot could do what CLIP shows.

    Limits of joints and motors, jumps, stated velocities, links where the joints put them, ground; where the clip says
    when feet stand: whether they slide, and whether the robot balances on them.
    """
    from genelab_tasks_locomotion.motion.checks import check_clip

    findings = check_clip(_read(clip), robot)
    failed = [finding for finding in findings if not finding.passed]
    if as_json:
        click.echo(json.dumps([{**vars(finding), "passed": finding.passed} for finding in findings], indent=2))
    else:
        from genelab.console.tables.text import table

        rows = [
            ["ok" if f.passed else "FAIL", f.name, f"{f.worst:.4g} {f.unit}", f"{f.allowed:g} {f.unit}", f.where]
            for f in findings
        ]
        click.echo(table(rows, ["", "check", "worst", "allowed", "where"]))
    if failed:
        raise GenelabError(
            f"{len(failed)} of {len(findings)} checks failed, first: {failed[0].name}, "
            f"{failed[0].worst:.4g} {failed[0].unit} in {failed[0].where}",
            where=clip,
            fix="genelab motion render shows it; genelab motion cut takes frames out",
        )


@command.command("convert")
@click.argument("source", metavar="IN.CSV", type=click.Path(path_type=Path))
@out_argument
@click.option("--fps", type=Rate, required=True, help="Frames per second of the CSV.")
@click.option("--to-fps", type=Rate, help="Of the clip: the control rate; that of the CSV if omitted.")
@click.option("--robot", metavar="NAME", default="g1", show_default=True, help="For which the motion was retargeted.")
@force_option
def convert_command(source: Path, out: Path, fps: float, to_fps: float | None, robot: str, force: bool) -> None:
    """Make a clip from retargeted motion capture.

    A row of IN.CSV is a frame, without a heading: root x y z in m, quaternion x y z w, the robot's joints in rad in the
    order of its MJCF, as in the retargeted LAFAN1 data set.
    """
    from genelab_tasks_locomotion.motion.clip_file import check_clip_path, write_clip
    from genelab_tasks_locomotion.motion.kinematics import make_clip, resample
    from genelab_tasks_locomotion.motion.retargeted_csv import read_csv
    from genelab_tasks_locomotion.motion.robot_model import RobotModel, find_robot

    check_output(check_clip_path(out), force=force, option="OUT")
    model = RobotModel(find_robot(robot))
    states = read_csv(source, model.joint_names)
    if to_fps is not None and to_fps != fps:
        states = resample(*states, fps, to_fps)
    clip = make_clip(model, to_fps or fps, *states, metadata={"source": source.name})
    write_clip(out, clip)
    click.echo(f"wrote {out}: {clip.num_frames} frames, {clip.duration:.2f} s at {clip.fps:g} frames per second")


@command.command("synth")
@click.argument("description", metavar="DESCRIPTION")
@out_argument
@force_option
def synth_command(description: str, out: Path, force: bool) -> None:
    """Make a clip from DESCRIPTION, a JSON file or the name of a clip of the pack.

    It says which steps the feet take, how high the pelvis is, and what the arms do; the legs follow by inverse
    kinematics, so that planted feet rest and the robot keeps its balance.
    """
    from genelab_tasks_locomotion.motion.clip_file import check_clip_path, write_clip
    from genelab_tasks_locomotion.motion.description import read_description
    from genelab_tasks_locomotion.motion.shipped import find_file
    from genelab_tasks_locomotion.motion.synthesis import synthesise

    check_output(check_clip_path(out), force=force, option="OUT")
    clip = synthesise(read_description(find_file(description, ".json")))
    write_clip(out, clip)
    click.echo(f"wrote {out}: {clip.num_frames} frames, {clip.duration:.2f} s at {clip.fps:g} frames per second")


@command.command("render")
@clip_argument
@click.argument("out", metavar="OUT.MP4", type=Out)
@click.option("--azimuth", type=float, default=140.0, show_default=True, help="Where the camera looks, degrees.")
@robot_option
@force_option
def render_command(clip: str, out: Path, azimuth: float, robot: str | None, force: bool) -> None:
    """Film CLIP with MuJoCo. It needs no display."""
    from genelab.eval.video import check_video_path
    from genelab_tasks_locomotion.motion.film import film_clip
    from genelab_tasks_locomotion.motion.robot_model import model_of

    check_output(check_video_path(out), force=force, option="OUT")
    loaded = _read(clip)
    frames = film_clip(loaded, model_of(loaded, robot), out, azimuth)
    click.echo(f"wrote {out}: {frames} frames")


@command.command("cut")
@clip_argument
@out_argument
@click.option("--from", "start", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Start, s.")
@click.option("--to", "end", type=Rate, help="End, s; the clip's if omitted.")
@click.option("--to-fps", type=Rate, help="Frames per second of the new clip; the same if omitted.")
@robot_option
@force_option
def cut_command(
    clip: str, out: Path, start: float, end: float | None, to_fps: float | None, robot: str | None, force: bool
) -> None:
    """Take a part of CLIP, or change its rate."""
    from genelab_tasks_locomotion.motion.edits import cut

    _edit(clip, out, robot, force, lambda loaded, model: cut(loaded, model, start, end, to_fps))


@command.command("mirror")
@clip_argument
@out_argument
@robot_option
@force_option
def mirror_command(clip: str, out: Path, robot: str | None, force: bool) -> None:
    """Make the mirror image of CLIP: left is right."""
    from genelab_tasks_locomotion.motion.edits import mirrored

    _edit(clip, out, robot, force, mirrored)


def _read(clip: str) -> Any:
    from genelab_tasks_locomotion.motion.clip_file import read_clip
    from genelab_tasks_locomotion.motion.shipped import find_file

    return read_clip(find_file(clip, ".npz"))


def _edit(clip: str, out: Path, robot: str | None, force: bool, change: Callable[[Any, Any], Any]) -> None:
    from genelab_tasks_locomotion.motion.clip_file import check_clip_path, write_clip
    from genelab_tasks_locomotion.motion.robot_model import model_of

    check_output(check_clip_path(out), force=force, option="OUT")
    loaded = _read(clip)
    edited = change(loaded, model_of(loaded, robot))
    write_clip(out, edited)
    click.echo(f"wrote {out}: {edited.num_frames} frames, {edited.duration:.2f} s")
