"""A list that the call puts into an object from outside, replaced and added to in branches and loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad import Function

SOURCE = """
class Keeper:
    pass

K, TABLE = Keeper(), {}

def sliced_in_a_loop(x):
    K.items = []
    for v in x:
        if v < 0.2:
            K.items = K.items[:]
            K.items.append(v * 2)
    return sum(K.items), len(K.items)

def copied_in_a_loop(x):
    K.items = []
    for v in x:
        if v < 0.2:
            K.items = list(K.items)
            K.items.append(v * 2)
    return sum(K.items), len(K.items)

def in_a_dict(x):
    TABLE["items"] = []
    for v in x:
        if v < 0.2:
            TABLE["items"] = TABLE["items"][:]
            TABLE["items"].append(v * 2)
    return sum(TABLE["items"]), len(TABLE["items"])

def in_two_branches(x):
    K.items = []
    if x[0] < 0.2:
        K.items = K.items[:]
        K.items.append(x[0] * 2)
    if x[1] < 0.2:
        K.items = K.items[:]
        K.items.append(x[1] * 2)
    return sum(K.items), len(K.items)

def of_arrays(x):
    K.items = []
    for k in range(len(x)):
        if x[k] < 0.2:
            K.items = K.items[::1]
            K.items.append(x * k)
    return sum(K.items).sum() if K.items else 0.0, len(K.items)
"""


@pytest.mark.parametrize("name", "sliced_in_a_loop copied_in_a_loop in_a_dict in_two_branches of_arrays".split())
def test_it_holds_what_plain_python_would(name):
    plain, traced = {}, {}  # type: ignore[var-annotated]
    exec(SOURCE, plain)
    exec(SOURCE, traced)
    f: Any = Function(traced[name], backend="numpy")
    for x in ([0.874, -0.191, 1.08, -0.286], [0.65, 0.68, 0.1], [0.874, -0.191, -1.08, -0.286], [0.1, 0.1], [0.5, 0.6]):
        x = np.array(x)
        expected = plain[name](x.copy())
        found = f(x)
        assert found[1] == expected[1]
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-13)
        for owner in ("K", "TABLE"):
            ours, theirs = (names[owner] if isinstance(names[owner], dict) else vars(names[owner]) for names in (traced, plain))
            assert len(ours.get("items", ())) == len(theirs.get("items", ()))
