"""The toy quadruped on uneven ground: placement, sensors, curriculum, state."""

from __future__ import annotations

import math

import pytest
import torch

from genelab.utils.rotations import rotate, rotate_inverse, yaw_of


def still(env, steps):
    return [env.step(torch.zeros(env.num_envs, env.action_manager.dim)) for _ in range(steps)]


def everyone(env):
    return torch.ones(env.num_envs, dtype=torch.bool)


def dropped(env, height, joints=0.0):
    """Hold all robots level at `height` above the flat cell's ground, at rest; return the environment's robot."""
    robot = env.scene["robot"]
    pos = torch.tensor(env.scene.placement.grid.origins[0, 0]).repeat(env.num_envs, 1)
    pos[:, 0] += torch.linspace(-1.0, 1.0, env.num_envs)
    pos[:, 2] += height
    quat = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(env.num_envs, 1)
    mask = everyone(env)
    robot.write_root(pos, quat, mask)
    joint_pos = torch.full_like(robot.joint_pos, joints)
    robot.write_joints(joint_pos, torch.zeros_like(joint_pos), mask)
    robot.target = joint_pos.clone()
    env.scene.reset_sensors(mask)
    return robot


def fall(env, steps):
    """Run physics and sensors alone: no action, no reset."""
    for _ in range(steps):
        env.scene.step()
        env.scene.update_sensors(env.step_dt)
        yield


def test_the_surface_is_the_one_that_genesis_collides_with(rough_env):
    points = torch.rand(4000, 2, generator=torch.Generator().manual_seed(0)) * 12.0 - 6.0
    terrain = next(entity for entity in rough_env.scene._scene.entities if hasattr(entity, "get_terrain_height"))
    expected = terrain.get_terrain_height(points, envs_idx=[0])[0]
    assert expected.std() > 0.05
    torch.testing.assert_close(rough_env.scene.ground.height_at(points), expected, rtol=0.0, atol=2e-5)


def test_robots_start_above_the_surface_of_their_cell(rough_env):
    rough_env.reset(seed=1)
    scene = rough_env.scene
    root = scene["robot"].root_pos
    offset = root - scene.placement.origin
    assert offset[:, 0].abs().max() <= 0.5 and offset[:, 0].std() > 0.1
    clearance = root[:, 2] - scene.ground.height_at(root)
    assert (clearance >= 0.25 - 1e-6).all() and (clearance < 0.5).all()
    assert scene.placement.column.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]


def test_the_same_seed_gives_the_same_terrain_and_the_same_rollout(rough_env):
    from genelab.terrains.generator import generate

    grid = rough_env.scene.placement.grid
    assert (generate(rough_env.cfg.scene.terrain).heights == grid.heights).all()
    runs = []
    for _ in range(2):
        first, _ = rough_env.reset(seed=7)
        runs.append([first, *[step[0] for step in still(rough_env, 15)]])
    for a, b in zip(*runs, strict=True):
        assert all(torch.equal(a[name], b[name]) for name in a)


def test_a_partial_reset_leaves_the_others_bit_equal(rough_env):
    results = []
    for tip in (False, True):
        rough_env.reset(seed=3)
        robot = rough_env.scene["robot"]
        still(rough_env, 5)
        if tip:
            mask = torch.zeros(8, dtype=torch.bool)
            mask[4] = True
            upside_down = torch.tensor([0.0, 1.0, 0.0, 0.0]).repeat(8, 1)
            robot.write_root(robot.root_pos, upside_down, mask)
        results.append(still(rough_env, 12))
    calm, tipped = results
    assert tipped[0][2][4] and not torch.stack([step[2] | step[3] for step in calm]).any()
    others = [0, 1, 2, 3, 5, 6, 7]
    for a, b in zip(calm, tipped, strict=True):
        assert torch.equal(a[0]["critic"][others], b[0]["critic"][others])
        assert torch.equal(a[1][others], b[1][others])


def test_the_height_scan_is_the_height_field_below_each_point(rough_env):
    rough_env.reset(seed=1)
    still(rough_env, 3)
    scene = rough_env.scene
    scan, robot = scene.sensor("scan"), scene["robot"]
    assert scan.heights.shape == (8, 17 * 11)
    yaw = yaw_of(robot.root_quat)
    env, column = 2, 16 * 11 + 10  # the corner ahead on the left
    x, y = 0.8, 0.5
    point = robot.root_pos[env, :2] + torch.stack(
        (x * yaw[env].cos() - y * yaw[env].sin(), x * yaw[env].sin() + y * yaw[env].cos())
    )
    grid = scene.placement.grid
    place = (point - torch.tensor(grid.corner)) / grid.spacing
    i, j = int(place[0]), int(place[1])
    corners = torch.tensor(grid.heights[i : i + 2, j : j + 2])
    below = robot.root_pos[env, 2] - scan.heights[env, column]
    assert corners.min() - 1e-6 <= below <= corners.max() + 1e-6
    middle = scan.heights[:, 8 * 11 + 5]
    assert torch.allclose(middle, robot.root_pos[:, 2] - scene.ground.height_at(robot.root_pos), atol=1e-4)
    assert scan.heights[2].std() > 0.01  # stairs


def test_soles_rest_on_the_ground(rough_env):
    rough_env.reset(seed=1)
    robot = dropped(rough_env, 0.26)
    list(fall(rough_env, 40))
    soles = rough_env.scene.sensor("soles")
    assert soles.heights.abs().max() < 0.02
    before = soles.positions.clone()
    next(fall(rough_env, 1))
    moved = (soles.positions - before) / rough_env.step_dt
    assert (moved - soles.velocities).abs().max() < 0.1
    assert robot.root_pos[:, 2].min() > 0.1


def test_contact_times_are_those_of_a_free_fall(rough_env):
    """Feet 0.23 m below the base fall 0.2 m: touchdown after √(2·0.2/g) = 0.202 s, then the weight rests on them."""
    rough_env.reset(seed=1)
    dropped(rough_env, 0.43)
    feet, dt = rough_env.scene.sensor("feet"), rough_env.step_dt
    expected = math.sqrt(2 * 0.2 / 9.81)
    touched_at = torch.full((8, 4), float("nan"))
    for step, _ in enumerate(fall(rough_env, 60), start=1):
        new = feet.first_contact & touched_at.isnan()
        assert feet.last_air_time[new].tolist() == pytest.approx([(step - 1) * dt] * int(new.sum()))
        touched_at[new] = step * dt
        assert ((feet.air_time > 0.0) != (feet.contact_time > 0.0)).all()
        assert torch.equal(feet.air_time == 0.0, feet.in_contact)
    assert touched_at.isfinite().all()
    assert (touched_at - expected).abs().max() <= dt + 1e-6
    weight = rough_env.scene.properties["robot"].mass.sum(dim=1) * 9.81
    assert torch.allclose(feet.force[..., 2].sum(dim=1), weight, rtol=0.35)
    assert feet.magnitudes.shape == (8, 4, 4)
    assert torch.equal(feet.magnitudes[:, 0], feet.force.norm(dim=-1))


def test_a_falling_imu_reads_nothing_and_a_resting_one_gravity(rough_env):
    rough_env.reset(seed=1)
    dropped(rough_env, 1.0)
    imu = rough_env.scene.sensor("imu")
    next(fall(rough_env, 1))
    assert torch.allclose(imu.linear_acceleration, torch.tensor([0.0, 0.0, 9.81]).expand(8, 3), atol=1e-3)
    list(fall(rough_env, 3))
    assert imu.linear_acceleration.abs().max() < 0.6
    dropped(rough_env, 0.24)
    list(fall(rough_env, 60))
    assert torch.allclose(imu.linear_acceleration.norm(dim=1), torch.full((8,), 9.81), atol=0.5)
    robot = rough_env.scene["robot"]
    assert torch.allclose(imu.angular_velocity, rotate_inverse(robot.root_quat, robot.root_ang_vel))


def test_an_imu_beside_the_axis_of_a_spin_moves_with_it(rough_env):
    rough_env.reset(seed=1)
    robot = dropped(rough_env, 1.0)
    spin = torch.zeros(8, 6)
    spin[:, 5] = 2.0
    robot.write_root_velocity(spin, everyone(rough_env))
    imu = rough_env.scene.sensor("imu")
    assert torch.allclose(imu.angular_velocity, torch.tensor([0.0, 0.0, 2.0]).expand(8, 3), atol=1e-5)
    assert torch.allclose(imu.linear_velocity, torch.tensor([0.0, 0.2, 0.0]).expand(8, 3), atol=1e-5)
    assert torch.allclose(imu.projected_gravity, torch.tensor([0.0, 0.0, -1.0]).expand(8, 3), atol=1e-6)


def test_angular_momentum_of_a_rigid_spin_is_inertia_times_rate_and_is_kept_in_flight(rough_env):
    rough_env.reset(seed=1)
    robot = dropped(rough_env, 2.0)
    rate = 1.5
    spin = torch.zeros(8, 6)
    spin[:, 5] = rate
    robot.write_root_velocity(spin, everyone(rough_env))
    properties = rough_env.scene.properties["robot"]
    centres = robot.link_pos + rotate(robot.link_quat, properties.com)
    mass = properties.mass[..., None]
    arms = (centres - (mass * centres).sum(1, keepdim=True) / mass.sum(1, keepdim=True))[..., :2]
    inertia = (properties.mass * arms.square().sum(-1)).sum(1) + properties.inertia[:, 2, 2].sum()
    momentum = rough_env.scene.sensor("momentum")
    assert torch.allclose(momentum.value[:, 2], inertia * rate, rtol=1e-3)
    before = momentum.value.clone()
    list(fall(rough_env, 5))
    assert torch.allclose(momentum.value[:, 2], before[:, 2], rtol=0.05)


def test_a_robot_that_folds_onto_itself_feels_it(rough_env):
    rough_env.reset(seed=1)
    dropped(rough_env, 1.5)
    sensor = rough_env.scene.sensor("self")
    next(fall(rough_env, 1))
    assert not sensor.count.any()
    robot = dropped(rough_env, 1.5)
    names, folded = robot.joint_names, torch.zeros_like(robot.joint_pos)
    for name in names:
        folded[:, names.index(name)] = 1.25 if name.startswith("f") else -1.25  # feet meet under the trunk
    robot.write_joints(folded, torch.zeros_like(folded), everyone(rough_env))
    robot.target = folded.clone()
    touched = torch.zeros(8, dtype=torch.bool)
    for _ in fall(rough_env, 6):
        touched |= sensor.count > 0
    assert touched.all()


def test_levels_follow_the_distance_and_the_progress(rough_env):
    from genelab.mdp.curricula import terrain_levels

    rough_env.reset(seed=1)
    still(rough_env, 2)
    placement, term = rough_env.scene.placement, rough_env.command_manager.terms["twist"]
    placement.level = torch.ones(8, dtype=torch.long)
    robot = rough_env.scene["robot"]
    pos = placement.origin.clone()
    pos[:, 2] += 1.0
    pos[:2, 0] += 1.5  # walked far enough
    robot.write_root(pos, robot.root_quat, everyone(rough_env))
    term.commanded_distance, term.progress = torch.full((8,), 2.0), torch.full((8,), 1.5)
    term.progress[4:6] = 0.3  # hardly moved
    mask = torch.tensor([True, False, True, True, True, False, True, True])
    log = terrain_levels(rough_env, mask, command="twist", distance=1.0, asset=_asset(rough_env))
    assert placement.level.tolist() == [2, 1, 1, 1, 0, 1, 1, 1]
    assert log["mean"] == pytest.approx(1.0) and set(log) == {"mean", "flat", "rough", "stairs"}
    rough_env._reset(mask, {})
    assert placement.cell[:, 0].tolist() == [2, 0, 1, 1, 0, 0, 1, 1]


def _asset(env):
    from genelab.config import SceneEntityCfg
    from genelab.managers.term import resolve_entity

    return resolve_entity(SceneEntityCfg(name="robot"), env)


def test_evaluation_visits_every_cell_whatever_training_reached(rough_env):
    placement = rough_env.scene.placement
    rough_env.reset(seed=1, options={"evaluation": True})
    assert placement.cell.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1]]
    assert placement.level.tolist() == [0] * 8
    rough_env.reset(seed=1)
    assert placement.cell[:, 0].tolist() == [0] * 8


def test_saved_state_continues_bit_by_bit(rough_env):
    rough_env.reset(seed=2)
    still(rough_env, 6)
    state = rough_env.state_dict()
    runs = []
    for _ in range(2):
        rough_env.load_state_dict(state)
        runs.append(still(rough_env, 25))
    for a, b in zip(*runs, strict=True):
        assert torch.equal(a[0]["critic"], b[0]["critic"]) and torch.equal(a[1], b[1])


def test_every_locomotion_reward_is_finite_and_most_are_not_zero(rough_env):
    rough_env.reset(seed=1)
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros(len(rough_env.reward_manager.active_terms))
    for _ in range(40):
        reward = rough_env.step(torch.randn(8, 4, generator=generator) * 2.0)[1]
        assert reward.isfinite().all()
        total += rough_env.reward_manager.values.abs().sum(dim=1)
    silent = [n for n, value in zip(rough_env.reward_manager.active_terms, total.tolist(), strict=True) if value == 0.0]
    assert set(silent) <= {"terminated", "self_collision", "trunk"}


def test_accelerations_are_differences_of_velocities_over_the_control_step(rough_env):
    rough_env.reset(seed=1)
    still(rough_env, 2)
    before = rough_env.scene["robot"].joint_vel.clone()
    rough_env.step(torch.ones(8, 4))
    after = rough_env.scene["robot"].joint_vel
    row = rough_env.reward_manager.active_terms.index("joint_acc")
    expected = ((after - before) / rough_env.step_dt).square().sum(dim=1) * rough_env.step_dt
    alive = rough_env.episode_length_buf > 0
    assert alive.sum() >= 6
    assert torch.allclose(rough_env.reward_manager.values[row][alive], expected[alive], rtol=1e-4)
