"""Runs an exported pick-and-place policy with onnxruntime and Genesis alone: python run_policy.py policy.onnx."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

EPISODE_STEPS = 100


def numbers(tensor):
    """Return what Genesis gives as a numpy array."""
    return tensor.cpu().numpy()


def observe(robot, cube, goal, last_action, step, defaults):
    """Return the policy's input: observation, achieved goal, desired goal; one row for each copy of the scene."""
    hand, place = numbers(robot.get_link("hand").get_pos()), numbers(cube.get_pos())
    observation = [
        numbers(robot.get_dofs_position()) - defaults,
        numbers(robot.get_dofs_velocity()),
        hand,
        place,
        goal,
        goal - place,
        last_action,
        np.full((len(goal), 1), 1.0 - step / EPISODE_STEPS),
    ]
    return np.concatenate([*observation, place, goal], axis=1).astype(np.float32)


def turn_to(kept, quat):
    """Return the rotation from orientations to the one to be kept, as vectors of axis times angle."""
    w, x, y, z = kept
    p, a, b, c = quat.T
    turn = np.stack(
        [
            w * p + x * a + y * b + z * c,
            -w * a + x * p - y * c + z * b,
            -w * b + x * c + y * p - z * a,
            -w * c - x * b + y * a + z * p,
        ],
        axis=1,
    )
    turn *= np.where(turn[:, :1] < 0, -1.0, 1.0)
    sine = np.linalg.norm(turn[:, 1:], axis=1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, turn[:, :1])
    return turn[:, 1:] * np.where(sine > 1e-6, angle / np.maximum(sine, 1e-6), 2.0)


def targets(robot, action, hand_term, gripper_term):
    """Return the joint targets that an action means, one row for each copy of the scene."""
    action, hand = np.clip(action, -1.0, 1.0), robot.get_link("hand")
    joints = numbers(robot.get_dofs_position())
    turn = hand_term["orientation_gain"] * turn_to(hand_term["orientation"], numbers(hand.get_quat()))
    twist = np.concatenate([action[:, :3] * hand_term["scale"], turn], axis=1)
    jacobian = numbers(robot.get_jacobian(hand))[:, :, :7]
    squared = jacobian @ jacobian.transpose(0, 2, 1) + hand_term["damping"] ** 2 * np.eye(6)
    step = (jacobian.transpose(0, 2, 1) @ np.linalg.solve(squared, twist[:, :, None]))[:, :, 0]
    arm = joints[:, :7] + np.clip(step, -hand_term["max_joint_step"], hand_term["max_joint_step"])
    opening = joints[:, 7:].mean(axis=1, keepdims=True) + gripper_term["scale"][0] * action[:, 3:]
    low, high = (numbers(limit) for limit in robot.get_dofs_limit())
    return np.clip(np.concatenate([arm, opening, opening], axis=1), low, high)


def build(robot_facts):
    """Return a scene with the arm and the cube, as the policy knows them."""
    import genesis as gs

    gs.init(backend=gs.cpu, logging_level="warning")
    scene = gs.Scene(
        show_viewer=False,
        sim_options=gs.options.SimOptions(dt=0.05, substeps=10),
        rigid_options=gs.options.RigidOptions(
            box_box_detection=True, enable_self_collision=False, constraint_timeconst=0.02, max_collision_pairs=30
        ),
    )
    scene.add_entity(gs.morphs.Plane(), material=gs.materials.Rigid(friction=1.0))
    robot = scene.add_entity(
        gs.morphs.MJCF(file="xml/franka_emika_panda/panda.xml", default_armature=None),
        material=gs.materials.Rigid(gravity_compensation=1.0),
    )
    cube = scene.add_entity(
        gs.morphs.Box(size=(0.04, 0.04, 0.04), pos=(0.5, 0.0, 0.02)),
        material=gs.materials.Rigid(rho=0.05 / 0.04**3, friction=1.0),
    )
    scene.build(n_envs=1)
    robot.set_dofs_kp(np.array(robot_facts["kp"]))
    robot.set_dofs_kv(np.array(robot_facts["kv"]))
    limits = np.array(robot_facts["effort_limits"])
    robot.set_dofs_force_range(-limits, limits)
    robot.set_qpos(np.array([robot_facts["default_joint_positions"]]))
    return scene, robot, cube


def main(path, goal):
    """Let the policy act for an episode."""
    actuation = json.loads(Path(f"{path}.metadata.json").read_text())["actuation"]
    facts, (hand_term, gripper_term) = actuation["robots"]["robot"], actuation["action_terms"]
    session = onnxruntime.InferenceSession(path)
    scene, robot, cube = build(facts)
    defaults = np.array(facts["default_joint_positions"])
    action = np.zeros((1, 4), np.float32)
    for step in range(EPISODE_STEPS):
        seen = observe(robot, cube, goal, action, step, defaults)
        action = session.run(None, {"obs": seen})[0]
        robot.control_dofs_position(targets(robot, action, hand_term, gripper_term))
        scene.step()
    distance = np.linalg.norm(numbers(cube.get_pos()) - goal)
    print(f"the cube is {distance:.3f} m from its goal")


if __name__ == "__main__":
    main(sys.argv[1], goal=np.array([[0.55, 0.1, 0.15]]))
