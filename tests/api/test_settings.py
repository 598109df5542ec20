"""Settings around and inside a call: NumPy's floating-point errors, warnings, print options, the context of decimals."""

from __future__ import annotations

import contextlib
import decimal
import io
import threading
import warnings
from typing import Any

import numpy as np
import pytest

import bcad
from bcad import Function, Gradient, float_errors, grad, options, value_and_grad, vjp
from bcad.errors import Unsupported


def logs(x: Any) -> Any:
    return np.log(x).sum() + (1 / x).sum()


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_numpy_raises_where_it_is_told_to(backend: str) -> None:
    zeros, ones = np.zeros(3), np.ones(3)
    with options.set(backend=backend, progress=False):
        ways = [Function(logs), Gradient(logs), grad(logs), value_and_grad(logs), lambda x: vjp(logs, x)]
        for call in ways:
            for _ in range(3):  # the first call, later ones, and both settings in turn
                with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
                    call(zeros)
                call(zeros)
                with np.errstate(all="raise"):
                    call(ones)
        with np.errstate(all="raise"):
            np.testing.assert_array_equal(ways[1](ones), np.zeros(3))


def test_the_handler_is_called_as_often_as_by_numpy() -> None:
    calls: list[Any] = []
    gradient = Gradient(logs, [np.ones(3)])
    for f in (gradient, logs):
        with np.errstate(all="call", call=lambda *what: calls.append(what)):
            f(np.zeros(3))
    half = len(calls) // 2
    assert calls[:half] == calls[half:] != []


def test_what_the_function_itself_ignores_is_ignored() -> None:
    def f(x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(x).sum()

    with np.errstate(all="raise"):
        assert Function(f)(np.zeros(2)) == -np.inf
        np.testing.assert_array_equal(grad(f)(np.zeros(2)), [np.inf, np.inf])


def test_effects_and_draws_happen_once_where_numpy_raises_too() -> None:
    seen: list[float] = []
    stream = np.random.default_rng(3)

    def f(x: Any) -> Any:
        seen.append(1.0)
        return (x * stream.random()).sum() / x[0]

    gradient = value_and_grad(f)
    plain = np.random.default_rng(3)
    for k in range(3):
        with np.errstate(all="raise"):
            value, _ = gradient(np.ones(2))
        assert value == 2 * plain.random()
        assert len(seen) == k + 1
        with np.errstate(all="raise"), pytest.raises(FloatingPointError):
            gradient(np.zeros(2))
        plain.random()
        seen.pop()


def test_settings_of_a_thread_are_its_own() -> None:
    gradient = Gradient(logs, [np.ones(3)])
    found: list[Any] = []
    with np.errstate(all="raise"):
        thread = threading.Thread(target=lambda: found.append(gradient(np.zeros(3))))
        thread.start()
        thread.join()
    assert len(found) == 1


def test_a_setting_that_asks_for_nothing_leaves_the_quick_way() -> None:
    before = np.seterr(all="ignore")
    try:
        assert not float_errors.loud()
        assert float_errors.setting() is float_errors.known.quiet
    finally:
        np.seterr(**before)
    assert not float_errors.loud()


def test_who_wants_to_hear_of_it_in_the_function_is_not_left_without() -> None:
    def raising(x: Any) -> Any:
        with np.errstate(all="raise"):
            return 1 / x

    def listening(x: Any) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            y = np.log(x)
        return -1.0 if caught else y

    def filtering(x: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return np.log(x)

    def setting(x: Any) -> Any:
        np.seterr(all="ignore")
        return np.log(x)

    for f in (raising, listening, filtering, setting):
        with pytest.raises(Unsupported):
            Function(f)(0.0)


def set_and_put_back(x: Any) -> Any:
    before = np.seterr(invalid="ignore", divide="ignore")
    y = np.log(x) / x
    inner = np.geterr()["divide"]
    np.seterr(**before)
    return np.where(np.isfinite(y), y, len(inner)).sum()


def set_in_a_branch(x: Any) -> Any:
    total = 0.0
    for v in x:
        if v < 0.5:
            before = np.seterr(all="ignore")
            total += np.log(v)
            np.seterr(**before)
        total += v
    return total


@pytest.mark.parametrize("f", [set_and_put_back, set_in_a_branch])
def test_seterr_may_be_put_back_by_who_set_it(f: Any) -> None:
    traced, before = Function(f), np.geterr()
    for x in (np.array([0.5, 0.0, 2.0]), np.array([0.1, 0.7, 0.2, 3.0]), np.array([0.6])):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(traced(x), f(x))
        assert np.geterr() == before


def test_seterr_for_one_way_alone_is_refused() -> None:
    def f(x: Any) -> Any:
        if x[0] > 1:
            np.seterr(all="ignore")
        return x.sum()

    before = np.geterr()
    with pytest.raises(Unsupported):
        Function(f)(np.array([2.0]))
    assert np.geterr() == before


def small(x: Any) -> Any:
    if x[0] < 1:
        warnings.warn("small", stacklevel=2)
    warnings.warn(UserWarning(f"sum {x.sum()}"), stacklevel=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("never shown", stacklevel=1)
    return x.sum()


def test_warnings_of_the_user_stand_at_the_users_line() -> None:
    traced = Function(small)
    for x in (np.zeros(2), np.ones(2), np.zeros(2)):
        shown = []
        for f in (traced, small):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                f(x)
            shown.append([(str(w.message), w.category, w.filename, w.lineno) for w in caught if w.lineno in _lines_of(small)])
        assert shown[0] == shown[1] != []
    with warnings.catch_warnings(), pytest.raises(UserWarning, match=r"sum 2\.0"):
        warnings.simplefilter("error")
        traced(np.ones(2))


def _lines_of(fn: Any) -> range:
    return range(fn.__code__.co_firstlineno, fn.__code__.co_firstlineno + 10)


def prints(x: Any) -> Any:
    print(x / 3)
    with np.printoptions(precision=2):
        print(x / 3, [x / 3])
        text = f"{x / 3}" + str(x / 3) + "%s" % (x / 3)
    print(x / 3)
    return text


def test_arrays_are_written_with_the_options_in_force() -> None:
    traced = Function(prints)
    for precision in (8, 3, 5):
        shown = []
        for f in (traced, prints):
            out = io.StringIO()
            with contextlib.redirect_stdout(out), np.printoptions(precision=precision):
                shown.append((f(np.ones(2)), out.getvalue()))
        assert shown[0] == shown[1]


def test_decimals_have_the_precision_of_the_call() -> None:
    third = decimal.Decimal(1)

    def f(x: Any) -> Any:
        return x.sum() * float(third / 3)

    traced = bcad.Function(f)
    for precision in (28, 3, 5, 28):
        with decimal.localcontext() as context:
            context.prec = precision
            assert traced(np.ones(1)) == f(np.ones(1))


def steered_by_what_was_set(x: Any) -> Any:
    before = np.seterr(divide="ignore")
    now = np.geterr()
    np.seterr(**before)
    return x.sum() * (2 if before["divide"] == "ignore" else 3) + (now["divide"] == "ignore") + 10 * (now["over"] == "ignore")


def test_what_seterr_found_is_that_of_each_call() -> None:
    traced = Function(steered_by_what_was_set)
    for modes in ({}, {"divide": "ignore"}, {"over": "ignore"}, {"all": "ignore"}, {}):
        with np.errstate(**modes):
            assert traced(np.ones(2)) == steered_by_what_was_set(np.ones(2))


def asks_within(x: Any) -> Any:
    total = 0.0
    for e in x:
        with np.errstate(divide="ignore"):
            inside = np.geterr()["divide"]
            if e > 0:
                with np.errstate(all="warn", over="ignore"):
                    total += e * (np.geterr()["over"] == "ignore") + 100 * (np.geterr()["divide"] == "ignore")
        total += e * (inside == "ignore")
    return total + 10 * (np.geterr()["divide"] == "ignore")


def test_errstate_is_seen_within_alone() -> None:
    traced = Function(asks_within)
    for modes in ({}, {"divide": "ignore"}, {"over": "ignore"}, {}):
        for x in (np.array([1.0, -2.0]), np.array([-1.0, 3.0, 4.0]), np.zeros(0)):
            with np.errstate(**modes):
                assert traced(x) == asks_within(x)
