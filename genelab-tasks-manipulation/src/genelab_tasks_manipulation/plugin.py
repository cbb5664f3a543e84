"""Plugin module: the tasks of this pack."""

from genelab.api import TaskSpec, hookimpl

GENELAB_API = "1"

_FRANKA = "genelab_tasks_manipulation.franka"


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
    ]
