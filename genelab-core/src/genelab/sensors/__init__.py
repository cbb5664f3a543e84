"""Sensors: what a robot feels of itself and of the ground. Each is one config and one class in a file of its own.

Importing this loads no torch.
"""

from genelab.sensors.contact import ContactSensorCfg
from genelab.sensors.height import GroundDistanceCfg, HeightScanCfg
from genelab.sensors.imu import ImuCfg
from genelab.sensors.momentum import AngularMomentumCfg
from genelab.sensors.self_contact import SelfContactSensorCfg

__all__ = [
    "AngularMomentumCfg",
    "ContactSensorCfg",
    "GroundDistanceCfg",
    "HeightScanCfg",
    "ImuCfg",
    "SelfContactSensorCfg",
]
