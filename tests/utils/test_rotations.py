"""Rotations give each env the same, however many there are."""

from __future__ import annotations

import math

import pytest
import torch

from genelab.utils.rotations import about_z, angle_of, rotation_vector, yaw_of

DIRECTIONS = 2.0 * math.pi * torch.rand(100, generator=torch.Generator().manual_seed(0)) - math.pi
HALF_TURNS = torch.tensor([[0.0, -1.0], [-0.0, -1.0], [1e-6, -1.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [0.0, 2.0]])


def test_angles_are_those_of_atan2():
    for y, x in (HALF_TURNS.unbind(1), (3.0 * DIRECTIONS.sin(), 3.0 * DIRECTIONS.cos())):
        assert angle_of(y, x) == pytest.approx(torch.atan2(y, x), abs=1e-6)


@pytest.mark.parametrize("function", [yaw_of, lambda quat: rotation_vector(about_z(0.0 * quat[:, 0]), quat)])
def test_the_rotation_of_an_env_does_not_depend_on_how_many_there_are(function):
    quats = about_z(DIRECTIONS)
    many = function(quats)
    assert all(torch.equal(function(quats[:count].clone()), many[:count]) for count in range(1, 100))
    assert torch.atan2(DIRECTIONS.sin(), DIRECTIONS.cos()) == pytest.approx(yaw_of(quats), abs=1e-6)
