"""Actuator models: from a target to a torque. Each is one config and one class in a file of its own."""

from genelab.actuators.dc_motor import DcMotorCfg
from genelab.actuators.effort import EffortCfg
from genelab.actuators.ideal_pd import IdealPdCfg
from genelab.actuators.implicit import ImplicitPdCfg, ImplicitVelocityCfg

__all__ = ["DcMotorCfg", "EffortCfg", "IdealPdCfg", "ImplicitPdCfg", "ImplicitVelocityCfg"]
