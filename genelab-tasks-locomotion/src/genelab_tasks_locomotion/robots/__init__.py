"""Legged robots: a folder each, with an MJCF file and the Python file that says how its joints are driven."""

from genelab_tasks_locomotion.robots.legged_robot import LeggedRobot
from genelab_tasks_locomotion.robots.unitree_g1.robot import UNITREE_G1
from genelab_tasks_locomotion.robots.unitree_go1.robot import UNITREE_GO1
from genelab_tasks_locomotion.robots.unitree_go2w.robot import UNITREE_GO2W

ROBOTS: dict[str, LeggedRobot] = {robot.name: robot for robot in (UNITREE_GO1, UNITREE_G1, UNITREE_GO2W)}

__all__ = ["ROBOTS", "UNITREE_G1", "UNITREE_GO1", "UNITREE_GO2W", "LeggedRobot"]
