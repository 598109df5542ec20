"""Garbage is looked for less often while graphs are made, and as before afterwards."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import bcad
from bcad.garbage import SELDOM, seldom_collected


@pytest.fixture(autouse=True)
def usual() -> Iterator[tuple[int, ...]]:
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_thresholds_come_back() -> None:
    gc.set_threshold(701, 11, 12)
    with pytest.raises(ZeroDivisionError), seldom_collected():
        with seldom_collected():
            assert gc.get_threshold() == (SELDOM, 11, 12)
        assert gc.get_threshold()[0] == SELDOM
        raise ZeroDivisionError
    assert gc.get_threshold() == (701, 11, 12)


@pytest.mark.parametrize("chosen", [0, SELDOM + 1])
def test_who_looks_more_seldom_or_never_is_left_alone(chosen: int) -> None:
    gc.set_threshold(chosen, 10, 10)
    with seldom_collected():
        assert gc.get_threshold()[0] == chosen
    assert gc.get_threshold()[0] == chosen


def test_what_is_set_meanwhile_stays() -> None:
    with seldom_collected():
        gc.set_threshold(55, 5, 5)
    assert gc.get_threshold() == (55, 5, 5)


def test_threads_that_overlap() -> None:
    gc.set_threshold(700, 10, 10)
    entered, leave = threading.Event(), threading.Event()

    def work() -> None:
        with seldom_collected():
            entered.set()
            leave.wait(10)

    other = threading.Thread(target=work)
    with seldom_collected():
        other.start()
        assert entered.wait(10)
    assert gc.get_threshold()[0] == SELDOM  # the other still asks for it
    leave.set()
    other.join()
    assert gc.get_threshold() == (700, 10, 10)


def test_functions_leave_the_thresholds_as_they_were() -> None:
    gc.set_threshold(702, 10, 10)
    seen = []

    def f(x: float) -> float:
        seen.append(gc.get_threshold()[0])
        return x * x

    for backend in ("numpy", "numba"):
        with bcad.options.set(backend=backend):
            assert bcad.grad(f)(np.float64(3.0)) == 6.0
    assert set(seen) == {702}  # the user's own code runs as ever
    assert gc.get_threshold() == (702, 10, 10)
