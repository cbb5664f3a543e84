"""Plugin module: the tasks of this pack."""

from genelab.api import TaskSpec, hookimpl

GENELAB_API = "1"

_FRANKA = "genelab_tasks_manipulation.franka"
_UR5E = "genelab_tasks_manipulation.ur5e"
_PLAYBACK = "genelab_tasks_manipulation.playback"


@hookimpl
def genelab_tasks() -> list[TaskSpec]:
    return [
        TaskSpec(
            id="GeneLab-Franka-Pick-And-Place-v0",
            config=f"{_FRANKA}.pick_and_place:pick_and_place",
            summary="Pick a cube up and bring it to a goal",
            tags=("franka", "manipulation", "goal"),
            agents={"sb3": f"{_FRANKA}.agents.sb3:pick_and_place_sac"},
            expert=f"{_FRANKA}.expert:PickAndPlaceExpert",
        ),
        TaskSpec(
            id="GeneLab-Franka-Lift-Cube-v0",
            config=f"{_FRANKA}.lift_cube:lift_cube",
            summary="Lift a cube off the ground, with a dense reward",
            tags=("franka", "manipulation"),
            agents={
                "rsl_rl": f"{_FRANKA}.agents.rsl_rl:lift_cube_ppo",
                "skrl": f"{_FRANKA}.agents.skrl:lift_cube_ppo",
            },
            default_backend="rsl_rl",
        ),
        TaskSpec(
            id="GeneLab-UR5e-Reach-v0",
            config=f"{_UR5E}.reach:reach",
            summary="Bring the flange of an arm to a place",
            tags=("ur5e", "manipulation", "goal"),
            agents={name: f"{_UR5E}.agents.{name}:reach_ppo" for name in ("rsl_rl", "sb3", "skrl")},
            default_backend="rsl_rl",
        ),
        TaskSpec(
            id="GeneLab-Rubiks-Play-v0",
            config=f"{_PLAYBACK}.rubiks:rubiks_play",
            summary="A Rubik's cube that scrambles and solves itself",
            tags=("playback",),
            kind="playback",
        ),
        TaskSpec(
            id="GeneLab-Shadow-Hand-Playback-v0",
            config=f"{_PLAYBACK}.shadow_hand:shadow_hand_playback",
            summary="A Shadow hand that replays recorded gestures",
            tags=("playback", "hand"),
            kind="playback",
        ),
    ]
