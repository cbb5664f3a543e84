"""Plugin module: the tasks of this pack and what is measured in them."""

from genelab.api import CommandSpec, MetricSpec, ObservationKindSpec, TaskSpec, hookimpl

GENELAB_API = "1"

_CARTPOLE = "genelab_tasks_locomotion.cartpole"
_TAGS = ("cartpole", "cpu")
_VELOCITY = "genelab_tasks_locomotion.velocity"
_VELOCITY_TASKS = (
    ("Flat-Unitree-Go1", "go1:go1_flat", "Follow a commanded velocity with a quadruped on flat ground"),
    ("Rough-Unitree-Go1", "go1:go1_rough", "The same over stairs, boxes, rough ground and slopes"),
    ("Flat-Unitree-G1", "g1:g1_flat", "Follow a commanded velocity with a humanoid on flat ground"),
    ("Rough-Unitree-G1", "g1:g1_rough", "The same over stairs, boxes, rough ground and slopes"),
    ("Flat-Unitree-Go2W-CrabStage1", "go2w:go2w_crab_stage1", "Step in every direction on locked wheels"),
    ("Flat-Unitree-Go2W", "go2w:go2w_flat", "Roll forward and step sideward"),
)
_WARM_STARTS = {"Flat-Unitree-Go2W": "Genelab-Velocity-Flat-Unitree-Go2W-CrabStage1-v0"}
_TRACKING = "genelab_tasks_locomotion.tracking"
_TRACKING_TASKS = (
    ("Unitree-G1", "g1_tracking", "Follow a motion clip with a humanoid"),
    (
        "Unitree-G1-No-State-Estimation",
        "g1_tracking_without_state_estimation",
        "The same without knowing place and velocity in the world",
    ),
)
_TRACKING_OBSERVATIONS = (
    ("reference_joints", "Positions and velocities of a reference motion's joints, rad and rad/s"),
    ("anchor_position", "Where a reference motion's anchor is, seen from the robot's, m"),
    ("anchor_orientation", "How it is turned, as two columns of a matrix"),
)
_TRACKING_METRICS = (
    ("joint_error", "JointError", "rad", False, "Mean |joint − reference motion's|"),
    ("body_error", "BodyError", "m", False, "Mean distance of the links from the reference moved to the robot"),
    ("anchor_error", "AnchorError", "m", False, "Mean distance of the anchor link from the reference's"),
    ("anchor_angle_error", "AnchorAngleError", "rad", False, "Mean angle between both"),
    ("clip_share", "ClipShare", "", True, "Share of the clip that was followed, from the start of the episode"),
)
_VELOCITY_METRICS = (
    ("forward_error", "tracking_metrics:ForwardError", "m/s", False, "Mean |commanded − actual forward velocity|"),
    ("sideward_error", "tracking_metrics:SidewardError", "m/s", False, "Mean |commanded − actual sideward velocity|"),
    ("turning_error", "tracking_metrics:TurningError", "rad/s", False, "Mean |commanded − actual turning rate|"),
    ("commanded_speed_share", "tracking_metrics:CommandedSpeedShare", "", None, "Velocity along the command / command"),
    ("commanded_turn_share", "tracking_metrics:CommandedTurnShare", "", None, "Turning rate the way asked for / asked"),
    ("mechanical_power", "gait_metrics:MechanicalPower", "W", None, "Mean of Σ |torque × speed| over the joints"),
    ("cost_of_transport", "gait_metrics:CostOfTransport", "", False, "Energy / (weight × way along the command)"),
    ("foot_slip", "gait_metrics:FootSlip", "m/s", False, "Mean speed over the ground of the feet that touch it"),
)


@hookimpl
def genelab_tasks() -> list[TaskSpec]:
    return [
        TaskSpec(
            id="GeneLab-Inverted-Pendulum-v0",
            config=f"{_CARTPOLE}.inverted_pendulum:inverted_pendulum",
            summary="Balance a pole on a cart",
            tags=_TAGS,
            agents={
                "rsl_rl": f"{_CARTPOLE}.agents.rsl_rl:inverted_pendulum_ppo",
                "sb3": f"{_CARTPOLE}.agents.sb3:inverted_pendulum_ppo",
                "skrl": f"{_CARTPOLE}.agents.skrl:inverted_pendulum_ppo",
            },
            default_backend="rsl_rl",
        ),
        TaskSpec(
            id="GeneLab-Inverted-Pendulum-Skrl-v0",
            config=f"{_CARTPOLE}.inverted_pendulum:inverted_pendulum",
            summary="The same, trained with skrl when no backend is named",
            tags=_TAGS,
            agents={"skrl": f"{_CARTPOLE}.agents.skrl:inverted_pendulum_ppo"},
        ),
        TaskSpec(
            id="GeneLab-Double-Inverted-Pendulum-v0",
            config=f"{_CARTPOLE}.double_inverted_pendulum:double_inverted_pendulum",
            summary="Balance two poles, one on top of the other, on a cart",
            tags=_TAGS,
            agents={"rsl_rl": f"{_CARTPOLE}.agents.rsl_rl:double_inverted_pendulum_ppo"},
        ),
        TaskSpec(
            id="GeneLab-Inverted-Pendulum-Memory-Rnn-v0",
            config=f"{_CARTPOLE}.memory:inverted_pendulum_memory",
            summary="Move to a place that was shown for five steps; a recurrent policy remembers it",
            tags=(*_TAGS, "memory"),
            agents={"rsl_rl": f"{_CARTPOLE}.agents.rsl_rl:memory_lstm_ppo"},
        ),
        TaskSpec(
            id="GeneLab-Inverted-Pendulum-Memory-Mlp-v0",
            config=f"{_CARTPOLE}.memory:inverted_pendulum_memory",
            summary="The same with a policy that cannot remember, as a control",
            tags=(*_TAGS, "memory"),
            agents={"rsl_rl": f"{_CARTPOLE}.agents.rsl_rl:memory_mlp_ppo"},
        ),
        *(
            TaskSpec(
                id=f"Genelab-Velocity-{name}-v0",
                config=f"{_VELOCITY}.{config}",
                summary=summary,
                tags=("legged", "velocity", config.partition(":")[0]),
                agents={
                    backend: f"{_VELOCITY}.agents.{backend}:{config.partition(':')[2]}_ppo"
                    for backend in ("rsl_rl", "sb3", "skrl")
                },
                default_backend="rsl_rl",
                warm_start=_WARM_STARTS.get(name),
            )
            for name, config, summary in _VELOCITY_TASKS
        ),
        *(
            TaskSpec(
                id=f"Genelab-Tracking-Flat-{name}-v0",
                config=f"{_TRACKING}.g1:{config}",
                summary=summary,
                tags=("legged", "tracking", "g1"),
                agents={
                    backend: f"{_TRACKING}.agents.{backend}:g1_tracking_ppo" for backend in ("rsl_rl", "sb3", "skrl")
                },
                default_backend="rsl_rl",
            )
            for name, config, summary in _TRACKING_TASKS
        ),
        TaskSpec(
            id="GeneLab-Motion-Playback-v0",
            config=f"{_TRACKING}.playback:motion_playback",
            summary="A motion clip shown on its robot",
            tags=("playback", "g1"),
            kind="playback",
        ),
    ]


@hookimpl
def genelab_eval_metrics() -> list[MetricSpec]:
    return [
        MetricSpec(
            name="final_target_distance",
            metric=f"{_CARTPOLE}.metrics:FinalTargetDistance",
            unit="m",
            higher_is_better=False,
            summary="Distance of the cart from the remembered target at the end of the episode",
        ),
        *(
            MetricSpec(name=name, metric=f"{_VELOCITY}.{metric}", unit=unit, higher_is_better=better, summary=summary)
            for name, metric, unit, better, summary in _VELOCITY_METRICS
        ),
        *(
            MetricSpec(
                name=name,
                metric=f"{_TRACKING}.metrics:{metric}",
                unit=unit,
                higher_is_better=better,
                summary=summary,
            )
            for name, metric, unit, better, summary in _TRACKING_METRICS
        ),
        MetricSpec(
            name="fell",
            metric=f"{_VELOCITY}.gait_metrics:Fell",
            higher_is_better=False,
            outcome=True,
            summary="Share of episodes that end by a fall",
        ),
    ]


@hookimpl
def genelab_observation_kinds() -> list[ObservationKindSpec]:
    return [
        ObservationKindSpec(
            name="target_cue",
            kind=f"{_CARTPOLE}.terms:target_cue",
            compute=f"{_CARTPOLE}.deployment:target_cue",
            summary="The target of the memory task while it is shown, then 0, m",
        ),
        *(
            ObservationKindSpec(
                name=name,
                kind=f"{_TRACKING}.observations:{name}",
                compute=f"{_TRACKING}.deployment:{name}",
                summary=summary,
            )
            for name, summary in _TRACKING_OBSERVATIONS
        ),
    ]


@hookimpl
def genelab_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="motion",
            command="genelab_tasks_locomotion.motion.commands:command",
            summary="Make, look at and check reference motions.",
        )
    ]
