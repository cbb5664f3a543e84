from __future__ import annotations

import pytest
import torch

from genelab.testing import bit_differences


def test_equal_trees_have_no_differences_even_with_nan_in_them():
    def tree():
        return {"x": [torch.tensor([1.0, torch.nan]), (True, "a", None)], "n": torch.tensor(3)}

    assert bit_differences(tree(), tree()) == []


@pytest.mark.parametrize(
    "other",
    [
        torch.tensor([1.0, 2.0 + 3e-7]),
        torch.tensor([1.0, 2.0], dtype=torch.float64),
        torch.tensor([[1.0, 2.0]]),
        [1.0, 2.0],
    ],
)
def test_a_tensor_that_differs_is_named_by_its_path(other):
    assert bit_differences({"a": [0, torch.tensor([1.0, 2.0])]}, {"a": [0, other]}) == ["/a/1"]


@pytest.mark.parametrize(("a", "b"), [({"x": 1}, {"y": 1}), ({"x": 1}, 1), ([1], [1, 2]), ([1], 1), (1, 2), (0.0, 1.0)])
def test_other_values_and_other_shapes_of_a_tree_differ(a, b):
    assert len(bit_differences(a, b)) == 1
