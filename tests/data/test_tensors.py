"""One helper turns arrays into tensors: shared where that is safe, copied once where not, never with a warning."""

import numpy as np
import pytest
import torch

from annlab import data
from annlab.data import as_tensor
from annlab.errors import UsageError


def test_a_loaded_set_is_shared_and_the_cache_is_safe_from_writes():
    dataset = data.load("noisy_surface")
    tensor = as_tensor(dataset["X"])
    assert tensor.data_ptr() == dataset["X"].ctypes.data
    assert as_tensor(dataset["X"][10:20]).data_ptr() == dataset["X"][10:].ctypes.data
    assert not dataset["X"].flags.writeable
    before = tensor[0, 0].item()
    tensor[0, 0] = 99.0
    assert data.load("noisy_surface")["X"][0, 0] == before


def test_a_writable_array_is_shared_and_any_other_read_only_one_is_copied():
    array = np.arange(6.0).reshape(2, 3)
    assert as_tensor(array).data_ptr() == array.ctypes.data
    array.flags.writeable = False
    copied = as_tensor(array)
    copied += 1
    np.testing.assert_array_equal(array, np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("array", [np.arange(6.0)[::-1], np.arange(6).astype(">i4"), np.arange(12.0).reshape(3, 4)[:, ::2].T])
def test_unusual_memory_layouts_keep_their_values(array):
    assert as_tensor(array).tolist() == array.tolist()


def test_types_and_devices():
    images = np.array([[0, 255]], dtype=np.uint8)
    assert as_tensor(images).dtype == torch.uint8
    assert as_tensor(images, dtype=torch.float32).tolist() == [[0.0, 255.0]]
    assert as_tensor(np.array([0.1]), dtype="float32").dtype == torch.float32
    assert as_tensor([1, 2]).tolist() == [1, 2]
    assert as_tensor(np.zeros((2, 3)), device="meta").shape == (2, 3)
    tensor = torch.ones(2)
    assert as_tensor(tensor) is tensor
    assert as_tensor(tensor, dtype="float64").dtype == torch.float64


def test_wrong_types_are_refused():
    with pytest.raises(UsageError, match="unknown dtype 'float23'; did you mean 'float"):
        as_tensor(np.zeros(2), dtype="float23")
    with pytest.raises(UsageError, match="unknown dtype 'nn'"):
        as_tensor(np.zeros(2), dtype="nn")
    with pytest.raises(TypeError):
        as_tensor(np.array(["text"]))
