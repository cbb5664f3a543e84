"""The toy quadruped on a small terrain, with every sensor and every kind of randomisation."""

from __future__ import annotations

from quadruped import quadruped_cfg

from genelab import mdp, terrains
from genelab.config import (
    CurriculumTermCfg,
    EventTermCfg,
    ManagerBasedRlEnvCfg,
    ObservationGroupCfg,
    ObservationTermCfg,
    RewardTermCfg,
    SceneEntityCfg,
    TerminationTermCfg,
    TerrainCfg,
)
from genelab.sensors import (
    AngularMomentumCfg,
    ContactSensorCfg,
    GroundDistanceCfg,
    HeightScanCfg,
    ImuCfg,
    SelfContactSensorCfg,
)

FEET = ("fl", "fr", "rl", "rr")
TRUNK = SceneEntityCfg(name="robot", links=("trunk",))


def small_terrain() -> TerrainCfg:
    """Return three levels of flat, rough and stair cells."""
    return TerrainCfg(
        cells={
            "flat": terrains.FlatCfg(),
            "rough": terrains.RoughCfg(platform=0.0),
            "stairs": terrains.PyramidStairsCfg(platform=1.0),
        },
        levels=3,
        columns=3,
        cell_size=4.0,
        border=1.0,
    )


def rough_quadruped_cfg() -> ManagerBasedRlEnvCfg:
    """Return the environment."""
    cfg = quadruped_cfg()
    cfg.scene.terrain = small_terrain()
    cfg.simulation.solver.self_collision = True
    cfg.scene.sensors = {
        "imu": ImuCfg(offset=(0.1, 0.0, 0.05)),
        "feet": ContactSensorCfg(links=FEET, every_tick=True, history=4),
        "trunk": ContactSensorCfg(links=("trunk",)),
        "scan": HeightScanCfg(),
        "soles": GroundDistanceCfg(links=FEET, offset=(0.0, 0.0, -0.23)),
        "momentum": AngularMomentumCfg(),
        "self": SelfContactSensorCfg(threshold=1.0),
    }
    cfg.commands = {
        "twist": mdp.VelocityCommandCfg(
            resampling_s=(0.5, 1.0),
            lin_vel_x=(-1.0, 1.0),
            lin_vel_y=(-0.5, 0.5),
            ang_vel_z=(-1.0, 1.0),
            heading_share=0.25,
            standing_share=0.25,
            forward_share=0.25,
        )
    }
    sensing = mdp.sensing
    cfg.observations["critic"] = ObservationGroupCfg(
        terms={
            "base_lin_vel": cfg.observations["critic"].terms["base_lin_vel"],
            "scan": ObservationTermCfg(func=sensing.height_scan, params={"sensor": "scan"}),
            "ang_vel": ObservationTermCfg(func=sensing.imu_ang_vel, params={"sensor": "imu"}),
            "lin_vel": ObservationTermCfg(func=sensing.imu_lin_vel, params={"sensor": "imu"}),
            "gravity": ObservationTermCfg(func=sensing.imu_projected_gravity, params={"sensor": "imu"}),
            "acceleration": ObservationTermCfg(func=sensing.imu_lin_acc, params={"sensor": "imu"}),
            "air_time": ObservationTermCfg(func=sensing.air_time, params={"sensor": "feet"}),
            "contact": ObservationTermCfg(func=sensing.in_contact, params={"sensor": "feet"}),
            "forces": ObservationTermCfg(func=sensing.contact_forces_log, params={"sensor": "feet"}),
            "soles": ObservationTermCfg(func=sensing.ground_distance, params={"sensor": "soles"}),
            "momentum": ObservationTermCfg(func=sensing.angular_momentum, params={"sensor": "momentum"}),
            "command": ObservationTermCfg(func=mdp.observations.command, params={"name": "twist"}),
        }
    )
    cfg.rewards = rewards()
    cfg.terminations["off_terrain"] = TerminationTermCfg(
        func=mdp.terminations.off_terrain, params={"margin": 0.5}, time_out=True
    )
    cfg.curriculum = {
        "level": CurriculumTermCfg(func=mdp.curricula.terrain_levels, params={"command": "twist", "distance": 1.0}),
        "ranges": CurriculumTermCfg(
            func=mdp.curricula.command_ranges,
            params={"command": "twist", "stages": ({"step": 100_000, "lin_vel_x": (-2.0, 2.0)},)},
        ),
    }
    cfg.events.update(randomization())
    cfg.action_delay = (0, 2)
    cfg.action_noise_std = 0.01
    return cfg


def rewards() -> dict[str, RewardTermCfg]:
    """Return every reward term of velocity tasks."""
    feet = {"contacts": "feet", "command": "twist"}
    moving = {"heights": "soles", "command": "twist"}
    terms = {
        "track_lin_vel": (mdp.velocity_rewards.track_lin_vel, {"command": "twist", "std": 0.5}),
        "track_ang_vel": (mdp.velocity_rewards.track_ang_vel, {"command": "twist", "std": 0.5}),
        "error": (mdp.velocity_rewards.velocity_error_l1, {"command": "twist", "axes": (1, 2)}),
        "lin_vel_z": (mdp.velocity_rewards.lin_vel_z_l2, {}),
        "ang_vel_xy": (mdp.velocity_rewards.ang_vel_xy_l2, {}),
        "link_ang_vel": (mdp.velocity_rewards.link_ang_vel_xy_l2, {"asset": TRUNK}),
        "upright": (mdp.velocity_rewards.upright, {"asset": TRUNK, "std": 0.5}),
        "base_height": (mdp.velocity_rewards.base_height_l2, {"target": 0.22}),
        "air_time": (mdp.feet_rewards.feet_air_time, feet),
        "clearance": (mdp.feet_rewards.feet_clearance, {**moving, "target": 0.05}),
        "slip": (mdp.feet_rewards.feet_slip, {**moving, **feet}),
        "landing": (mdp.feet_rewards.soft_landing, feet),
        "swing": (mdp.feet_rewards.FeetSwingHeight, {**moving, **feet, "target": 0.05}),
        "self_collision": (mdp.feet_rewards.self_collision, {"sensor": "self"}),
        "trunk": (mdp.feet_rewards.undesired_contacts, {"contacts": "trunk"}),
        "momentum": (mdp.feet_rewards.angular_momentum_l2, {"sensor": "momentum"}),
        "joint_acc": (mdp.joint_rewards.JointAccL2, {}),
        "power": (mdp.joint_rewards.joint_power, {}),
        "action_acc": (mdp.joint_rewards.action_acc_l2, {}),
        "stand_still": (mdp.joint_rewards.stand_still_l1, {"command": "twist"}),
        "posture": (
            mdp.joint_rewards.VariablePosture,
            {"command": "twist", "standing": {".*": 0.1}, "walking": {".*": 0.3}, "running": {"f.*": 0.5}},
        ),
        "terminated": (mdp.rewards.terminated, {}),
    }
    return {name: RewardTermCfg(func=func, params=params, weight=1.0) for name, (func, params) in terms.items()}


def randomization() -> dict[str, EventTermCfg]:
    """Return one event of each kind; gains at the start-up, the others at each reset."""
    feet = SceneEntityCfg(name="robot", links=FEET)
    return {
        "friction": EventTermCfg(
            func=mdp.randomize_friction, mode="reset", params={"friction": (0.2, 1.5), "asset": feet}
        ),
        "mass": EventTermCfg(func=mdp.randomize_mass, mode="reset", params={"added": (-1.0, 2.0), "asset": TRUNK}),
        "com": EventTermCfg(func=mdp.randomize_com, mode="reset", params={"x": (-0.1, 0.1), "asset": TRUNK}),
        "gains": EventTermCfg(
            func=mdp.randomize_gains, mode="startup", params={"stiffness": (0.5, 1.5), "damping": (0.5, 1.5)}
        ),
        "armature": EventTermCfg(func=mdp.randomize_armature, mode="reset", params={"scale": (0.5, 3.0)}),
        "encoder": EventTermCfg(func=mdp.randomize_encoder_bias, mode="reset", params={"bias": (-0.05, 0.05)}),
    }
