"""Text of objects and containers with traced numbers in them: what is shown is what they were then, at every call."""

# ruff: noqa: UP031, UP032 -- all ways of making text are the subject

import contextlib
import io
import logging
import re
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest

from bcad import Function, NotDifferentiable, NotScalar, Unsupported, grad, jacobian, options, value_and_grad

logger = logging.getLogger("tests.texts")


class Pair:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __repr__(self):
        return f"Pair({self.x:.4f}, {self.y:.4f})"


class Slotted(Pair):
    __slots__ = ("more",)

    def __str__(self):
        return "x is %.3f" % self.x


@dataclass
class Record:
    x: float
    y: float


SHOWS = {
    "print": lambda v: print(v, [v, v.x], {"k": (v, {"z": v.y})}, sep="|"),
    "f-string": lambda v: print(f"{v} {v!r} {[v]} {v.x:.2f} {v.x:.3f} {(v.x,)} {v!s:>30}"),
    "str.format": lambda v: print("{} {!r:>40} {a.x:.1f} {q}".format(v, v, a=v, q=[v.x])),
    "percent": lambda v: print("%.3f %s" % (v.x, [v.x]), "%(a)s %(b).2f" % {"a": v, "b": v.y}),
    "str": lambda v: print(str(v) + repr(v) + str([v.x]) + ", ".join(map(str, [v, v.x]))),
    "logging": lambda v: logger.warning("%s %r %.2f", v, [v], v.x),
}


def straight(make, show):
    def f(q):
        v = make(q[0], q[1])
        show(v)
        v.x = v.x * 2
        show(v)
        return v.x * v.y
    return f


def looped(make, show):
    def f(q):
        v = make(q[0], q[1])
        for _ in range(6):
            v.x = v.x * 1.1
            show(v)
            v.x = v.x * 1.1
        return v.x * v.y
    return f


def branched(make, show):
    def f(q):
        v = make(q[0], q[1])
        if q[0] > 1.5:
            v.y = v.y * 1.1
            show(v)
            v.x = v.x * 1.1
        show(v)
        return v.x * v.y
    return f


def made_in_a_loop(make, show):
    def f(q):
        t = q[0]
        for _ in range(6):
            v = make(t, q[1])
            show(v)
            t = t * 0.9
            v.y = t
            show(v)
        return t
    return f


def from_outside(make, show):
    kept = make(1.0, 2.0)

    def f(q):
        show(kept)
        kept.x = q[0]
        show(kept)
        kept.x = kept.x + q[1]
        return kept.x * q[1]
    return f


def shown(f):
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    logger.addHandler(handler)
    try:
        with contextlib.redirect_stdout(lines), options.set(backend="numpy"):
            for q in ([1.0, 2.0], [2.0, 3.0], [1.0, 2.0]):
                f(np.array(q))
    finally:
        logger.removeHandler(handler)
    return re.sub("0x[0-9a-f]+", "0x", lines.getvalue())


@pytest.mark.parametrize("way", SHOWS)
@pytest.mark.parametrize("make", [Pair, Slotted, Record])
@pytest.mark.parametrize("program", [straight, looped, branched, made_in_a_loop, from_outside])
def test_what_is_shown(program, make, way):
    assert shown(grad(program(make, SHOWS[way]))) == shown(program(make, SHOWS[way]))


def test_a_number_shown_twice_in_one_text():
    """Each number of a line stands once among those of the run: the next one is not taken for it."""
    def f(q):
        x, y = q
        for _ in range(6):
            print(f"{x:.2f} {x:.3f} {y:.2f} {x}")
            x = x * 1.1
        return x * y

    assert shown(grad(f)) == shown(f)


def test_text_of_a_container_from_outside_is_read_at_each_call():
    settings = {"rate": 0.5, "sizes": [1.0, 2.0]}

    def f(q):
        print(f"{settings} {settings['sizes']}", str(settings))
        return q[0] * settings["rate"]

    g = grad(f)
    for rate in (0.5, 0.25):
        settings["rate"] = rate
        settings["sizes"][1] = 3 * rate
        assert shown(g) == shown(f)


def test_join_of_a_generator():
    def f(q):
        print("; ".join(f"{k}: {v:.3f}" for k, v in {"a": q[0], "b": q[1]}.items()), ",".join(map(str, q)))
        return q[0] * q[1]

    assert shown(grad(f)) == shown(f)


def test_plain_text_stays_plain():
    def f(q):
        names = ["a", "b"]
        key = "-".join(names) + str([1, 2]) + "{:02d}".format(3) + "%s" % ("x",)
        return q[0] * len(key)

    assert grad(f)(np.array([1.0, 2.0]))[0] == len("a-b[1, 2]03x")


def test_subclasses_of_list_are_refused():
    class Items(list):
        pass

    def f(q):
        print(f"{Items([q[0]])}")
        return q[0]

    with pytest.raises(Unsupported, match="is written as text"):
        grad(f)(np.array([1.0, 2.0]))


@pytest.mark.parametrize("make", [Pair, Record])
def test_an_object_is_shown_before_it_is_written_to(make):
    """What is written later in the same call is not in the line yet."""
    kept = make(1.0, 2.0)

    def f(q):
        print([kept], f"{[kept]}", {"k": kept})
        kept.x = q[0]
        return kept.x * q[1]

    g = grad(f)
    first = shown(g)
    kept.x = 1.0
    assert first == shown(f)


NAMES = ["a", "b"]
ORDERED = OrderedDict(x="1")


def test_containers_from_outside_are_written_as_what_they_are():
    def f(q):
        print(f"{NAMES} {ORDERED} {[ORDERED]}", repr(ORDERED), "%s" % (NAMES,), len(",".join(NAMES)))
        return q[0]

    g = grad(f)
    assert shown(g) == shown(f)
    NAMES.append("c")
    assert shown(g) == shown(f)


def test_sizes_and_numbers_of_every_kind():
    def f(q):
        n, k = len(q), np.argmax(q)
        print(n, max(n, k), q.shape, str(n), repr(n), f"{n:3d} {n!r} {[n, k]}", q, q.sum(), float(q[0]), q[0] > 1, k)
        for i in range(len(q) + 3):
            print(i, n, i * n, (i, n), f"{i}/{n} {q[0] * i:.3f}")
        return q[0] * n

    assert shown(grad(f)) == shown(f)


SIZES_IN_TEXT = [
    lambda x: str(len(x)), lambda x: f"{len(x)}", lambda x: f"{x.shape[0]:03d}|{x.size!r}", lambda x: repr(len(x)) + "q", lambda x: {str(len(x)): x},
    lambda x: format(len(x), "4d"), lambda x: "%d" % len(x), lambda x: str(x.shape), lambda x: ",".join(map(str, x.shape)), lambda x: str(len([v for v in x])),
]  # fmt: skip


@pytest.mark.parametrize("f", SIZES_IN_TEXT)
def test_sizes_in_a_text_are_those_of_the_call(f):
    traced = Function(f)
    for n in (3, 4, 1, 3):
        assert str(traced(np.ones(n))) == str(f(np.ones(n)))


class TooLarge(ArithmeticError):
    def __init__(self, value, limit):
        super().__init__(f"{value:.3f} is above {limit}")
        self.value = value


def raised_once(q):
    try:
        if q[0] > 1.5:
            raise TooLarge(q[0], 1.5)
    except TooLarge as error:
        logger.error("caught %s %r", error, [error])
        print(error, f"{error} {error!r} {error.value:.2f}", str(error), error.args)
        return q[1] * 2
    return q[0] * q[1]


def raised_in_a_loop(q):
    total = 0.0
    for k in range(6):
        try:
            if q[0] * k > 4.0:
                raise ValueError("bad", q[0] * k)
            total += q[0] * k
        except ValueError as error:
            logger.warning("round %d: %s", k, error)
            print(f"{error}", error.args[0])
    return total * q[1]


@pytest.mark.parametrize("f", [raised_once, raised_in_a_loop])
def test_exceptions_show_what_they_were_raised_with(f):
    assert shown(grad(f)) == shown(f)


@pytest.mark.parametrize("f", [lambda x: str(x[0]), lambda x: f"{x[0]:.2f}", lambda x: [f"{x}"]])
def test_text_as_a_result_has_no_derivative(f):
    x = np.array([1.0, 2.0])
    assert Function(f)(x) == f(x)
    with pytest.raises(NotScalar):
        grad(f)(x)
    with pytest.raises(NotDifferentiable, match="it returns a str"):
        jacobian(f)(x)


def test_text_beside_the_number_that_is_differentiated():
    def f(x):
        return x.sum() ** 2, f"sum {x.sum():.1f} of {x}"

    for n in (2, 3):
        (value, text), gradient = value_and_grad(f)(np.ones(n))
        assert (value, text) == f(np.ones(n))
        np.testing.assert_array_equal(gradient, np.full(n, 2.0 * n))
