"""Captured arrays: contents, dtype, rank, layout and identity change."""

from __future__ import annotations

import warnings

import numpy as np

from . import case


@case
def view_of_a_captured_array_written():
    base = np.arange(6.0)
    part = base[::2]
    yield (f := lambda x: (x * x * part).sum())
    base[2] = 10.0
    yield f
    part[0] = -3.0
    yield f
    part = base[::-2]
    yield f


@case
def captured_array_resized_in_place():
    w = np.arange(3.0)
    yield (f := lambda x: x.sum() * (w * w).sum())
    w.resize(5, refcheck=False)
    w[:] = 2.0
    yield f


@case
def captured_array_reshaped_in_place():
    w = np.arange(6.0)
    yield (f := lambda x: x.sum() * w[1].sum() * len(w))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        w.shape = (2, 3)
    yield f


@case
def captured_array_retyped_in_place():
    w = np.arange(3.0)
    yield (f := lambda x: (x * w).sum())
    w = w.view(np.int64)
    w[:] = 3
    yield f


@case
def order_of_a_captured_array():
    w = np.arange(9.0).reshape(3, 3)
    yield (f := lambda x: (x * w.ravel(order="K")[:3]).sum() + (w.reshape(-1) * w.T.ravel()).sum() * x[0])
    w = np.asfortranarray(w)
    yield f


@case
def captured_object_array():
    w = np.array([1.0, 2.0, 3.0], dtype=object)
    yield (f := lambda x: (x * w.astype(float)).sum())
    w[0] = 5.0
    yield f


@case
def captured_string_array():
    names = np.array(["a", "b", "a"])
    yield (f := lambda x: (x * x * (names == "a")).sum())
    names[1] = "a"
    yield f


@case
def captured_bool_mask():
    mask = np.array([True, False, True])
    yield (f := lambda x: (x[mask] ** 2).sum() + np.where(mask, x, 0.0).sum())
    mask[1] = True
    yield f
    mask[:] = False
    yield f


@case
def captured_index_array():
    index = np.array([0, 2])
    yield (f := lambda x: (x[index] ** 2).sum())
    index[0] = 1
    yield f
    index = np.array([1, 1, 0, -1])
    yield f
    index = [2, 2]
    yield f


@case
def captured_structured_array():
    table = np.zeros(3, dtype=[("w", float), ("n", int)])
    table["w"] = [1.0, 2.0, 3.0]
    yield (f := lambda x: (x * table["w"]).sum())
    table["w"][0] = 5.0
    yield f


@case
def captured_masked_array():
    data = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    yield (f := lambda x: (x * data.filled(0.0)).sum())
    data[1] = 5.0
    yield f


@case
def memory_behind_a_captured_array():
    memory = bytearray(np.arange(3.0).tobytes())
    w = np.frombuffer(memory)
    yield (f := lambda x: (x * w).sum())
    memory[:8] = np.array(9.0).tobytes()
    yield f


@case
def two_names_of_one_array_come_apart():
    a = np.ones(3)
    b = a

    def f(x):
        return ((x + a) * b).sum() if a is b else (x * a * b).sum()

    yield f
    b = np.full(3, 2.0)
    yield f
    b = a
    yield f


@case
def captured_array_read_only():
    w = np.arange(3.0)

    def f(x):
        return (x * w).sum() if w.flags.writeable else (x * x).sum()

    yield f
    w.flags.writeable = False
    yield f
