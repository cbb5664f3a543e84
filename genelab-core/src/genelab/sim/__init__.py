"""The Genesis process and scene: with entities, actuators, sensors and terrains the only code that calls Genesis."""
