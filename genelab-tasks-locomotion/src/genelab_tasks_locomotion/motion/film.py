"""A clip as a video, drawn by MuJoCo."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from genelab.eval.video import VideoWriter
from genelab.utils.errors import GenelabError, first_line
from genelab_tasks_locomotion.motion.clip import MotionClip
from genelab_tasks_locomotion.motion.clip_file import reordered
from genelab_tasks_locomotion.motion.robot_model import RobotModel, mujoco, robot_spec

MOST_FRAMES_PER_SECOND = 30.0
SIZE = (640, 480)
DISTANCE = 2.6
ELEVATION = -12.0


def film_clip(clip: MotionClip, model: RobotModel, path: Path, azimuth: float = 140.0) -> int:
    """Write the clip in real time, at most 30 frames a second, and return how many frames that are.

    Args:
        clip: The motion.
        model: Its robot.
        path: The `.mp4` file.
        azimuth: Direction in which the camera looks, degrees about z; 180 looks a robot that faces x in the face.

    Raises:
        GenelabError: if MuJoCo cannot draw here.
    """
    clip = reordered(clip, model.joint_names, model.body_names, model.robot.name)
    scene = _scene(model)
    data = mujoco.MjData(scene)
    stride = math.ceil(round(clip.fps / MOST_FRAMES_PER_SECOND, 6))
    camera = mujoco.MjvCamera()
    camera.distance, camera.azimuth, camera.elevation = DISTANCE, azimuth, ELEVATION
    with _renderer(scene) as renderer, VideoWriter(path, fps=clip.fps / stride) as video:
        for frame in range(0, clip.num_frames, stride):
            root = clip.body_pos[frame, 0]
            data.qpos[:] = np.concatenate((root, clip.body_quat[frame, 0], clip.joint_pos[frame]))
            mujoco.mj_kinematics(scene, data)
            mujoco.mj_camlight(scene, data)
            camera.lookat[:] = root[0], root[1], 0.65
            renderer.update_scene(data, camera)
            video.write(renderer.render())
        return video.frames


def _renderer(scene: Any) -> Any:
    width, height = SIZE
    try:
        return mujoco.Renderer(scene, height, width)
    except (RuntimeError, ImportError, mujoco.FatalError) as error:
        raise GenelabError(
            f"MuJoCo cannot draw here: {first_line(error)}",
            fix="set MUJOCO_GL=egl or MUJOCO_GL=osmesa, and install libegl1 libegl-mesa0 libgl1-mesa-dri",
        ) from error


def _scene(model: RobotModel) -> Any:
    """Return the robot on a chequered floor of 1 m squares under a sky."""
    spec = robot_spec(model.robot)
    kind, built = mujoco.mjtTexture, mujoco.mjtBuiltin
    grey, dark = [0.58, 0.62, 0.66], [0.50, 0.54, 0.58]
    spec.add_texture(
        name="floor",
        type=kind.mjTEXTURE_2D,
        builtin=built.mjBUILTIN_CHECKER,
        rgb1=grey,
        rgb2=dark,
        width=256,
        height=256,
    )
    floor = spec.add_material(name="floor", texrepeat=[1.0, 1.0], texuniform=True)
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "floor"
    spec.add_texture(
        name="sky",
        type=kind.mjTEXTURE_SKYBOX,
        builtin=built.mjBUILTIN_GRADIENT,
        rgb1=[0.75, 0.83, 0.92],
        rgb2=[0.55, 0.65, 0.80],
        width=256,
        height=256,
    )
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0.0, 0.0, 1.0], material="floor")
    spec.worldbody.add_light(pos=[0.0, 0.0, 6.0], dir=[0.2, 0.3, -1.0], diffuse=[0.5, 0.5, 0.5], castshadow=False)
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.45] * 3, [0.4] * 3
    spec.visual.global_.offwidth, spec.visual.global_.offheight = SIZE
    return spec.compile()
