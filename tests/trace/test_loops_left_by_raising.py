"""Loops that an exception leaves, retry loops, and exceptions as what a loop or branch hands on."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest

from bcad import Function, grad, hessian_vector_product
from tests.programs import reference
from tests.trace.helpers import Traced, agree, same


class Stop(Exception):
    def __init__(self, v, k=0):
        super().__init__("stop", k)
        self.value = v


class Slotted(ValueError):
    __slots__ = ("a",)

    def __init__(self, a):
        self.a = a


class Prop(Stop):
    @property
    def twice(self):
        return self.value * 2

    def __str__(self):
        return f"Prop {type(self.value).__name__}"


class TooBig(Exception):
    pass


class Sub(TooBig):
    def __init__(self, a, b=None):
        super().__init__(a)
        self.info = {"a": a, "b": b}


def helper_for(x):

    def h(x):
        s = 0.0
        for v in x:
            if v < 0:
                raise ValueError
            s += np.sqrt(v)
        return s

    try:
        y = h(x)
    except ValueError:
        y = x[0] * 7
    return y * y


def helper_while(x):

    def newton(a):
        z = 1.0
        k = 0
        while abs(z * z - a) > 1e-12:
            z = z - (z * z - a) / (2 * z)
            k += 1
            if k > 40:
                raise RuntimeError("no convergence")
        return z

    try:
        y = newton(x[0])
    except RuntimeError:
        y = x[1] * 3
    return y * x[0]


def in_loop_helper_loop(x):

    def cum(v):
        s = 0.0
        for k in range(10):
            s += v * k
            if s > 20:
                raise TooBig
        return s

    t = 0.0
    for v in x:
        try:
            t += cum(v)
        except TooBig:
            t += 20 * v
    return t


def carry_attr(x):

    def h(v):
        if v < 0:
            raise Stop(v * v)
        return v

    s = 0.0
    for v in x:
        try:
            s += h(v)
        except Stop as e:
            s += e.value * 3
    return s


def carry_args(x):

    def h(v):
        if v < 0:
            raise ValueError(v * v, "neg")
        return v

    s = 0.0
    for v in x:
        try:
            s += h(v)
        except ValueError as e:
            s += e.args[0] * 3
    return s


def carry_attr_same_frame(x):
    s = 0.0
    for v in x:
        try:
            if v < 0:
                raise Stop(v * v)
            s += v
        except Stop as e:
            s += e.value * 3
    return s


def stop_loop(x):
    s = 0.0
    try:
        for v in x:
            s += v * v
            if s > 3:
                raise Stop(s * v)
    except Stop as e:
        s = e.value + s
    return s


def stop_loop_helper(x):

    def run(x):
        s = 0.0
        for v in x:
            s += v * v
            if s > 3:
                raise Stop(s * v)
        return s

    try:
        s = run(x)
    except Stop as e:
        s = e.value * x[0]
    return s


def retry(x):
    h = 4.0
    while True:
        try:
            if h * x[0] * x[0] > 0.5:
                raise TooBig
            y = h * x[0] ** 3
            break
        except TooBig:
            h *= 0.5
    return y


def retry_helper(x):

    def step(v, h):
        if h * v * v > 0.5:
            raise TooBig
        return h * v**3

    h = 4.0
    while True:
        try:
            y = step(x[0], h)
            break
        except TooBig:
            h *= 0.5
    return y + h


def retry_in_loop(x):

    def step(v, h):
        n = v + h * (1 - v**3)
        if abs(n - v) > 0.2:
            raise TooBig
        return n

    v = x[0]
    t = 0.0
    h = 0.5
    while t < 1.0:
        while True:
            try:
                n = step(v, h)
                break
            except TooBig:
                h *= 0.5
        v = n
        t += h
        h *= 1.5
    return v * v


def retry_return(x):

    def attempt(v, h):
        if h * v > 1:
            raise TooBig
        return h * v * v

    h = 8.0
    for k in range(20):
        try:
            return attempt(x[0], h)
        except TooBig:
            h /= 2
    raise RuntimeError


def lists_in(x):

    def h(x):
        out = []
        for v in x:
            if v < 0:
                raise ValueError
            out.append(v * v)
        return sum(out)

    try:
        y = h(x)
    except ValueError:
        y = x[0] * 3
    return y * y


def arr_in(x):

    def h(x):
        a = np.zeros(len(x))
        for i in range(len(x)):
            if x[i] < 0:
                raise ValueError
            a[i] = x[i] ** 2
        return a.sum()

    try:
        y = h(x)
    except ValueError:
        y = x[0] * 3
    return y * y


def chol(x):

    def cholesky(A):
        n = len(A)
        L = np.zeros_like(A)
        for i in range(n):
            for j in range(i + 1):
                s = A[i, j]
                for k in range(j):
                    s -= L[i, k] * L[j, k]
                if i == j:
                    if s <= 0:
                        raise np.linalg.LinAlgError("not positive definite")
                    L[i, i] = np.sqrt(s)
                else:
                    L[i, j] = s / L[j, j]
        return L

    A = np.outer(x, x) * 0.1 + np.eye(len(x)) * x[0]
    jitter = 0.01
    while True:
        try:
            L = cholesky(A + jitter * np.eye(len(x)))
            break
        except np.linalg.LinAlgError:
            jitter *= 10
    return np.log(np.diag(L)).sum() + jitter * x[0]


def subexc(x):

    def h(v):
        if v < 0:
            raise Sub(v * v, b=v)
        return v

    s = 0.0
    for v in x:
        try:
            s += h(v)
        except TooBig as e:
            s += e.info["a"] + e.info["b"] * e.args[0]
    return s


def method_loop(x):

    class Solver:
        def __init__(self, tol):
            self.tol = tol
            self.nit = 0

        def solve(self, a):
            z = a
            for k in range(30):
                self.nit += 1
                if z > 50:
                    raise OverflowError("diverged")
                dz = (z * z - a) / (2 * z)
                z = z - dz
                if abs(dz) < self.tol:
                    break
            return z

    s = Solver(1e-10)
    t = 0.0
    for v in x:
        try:
            t += s.solve(abs(v) * 20)
        except OverflowError:
            t += v
    return t * s.nit


def two_exits(x):

    def h(x):
        s = 0.0
        for v in x:
            if v < -1:
                raise KeyError("k")
            if v < 0:
                raise ValueError
            if v > 2.5:
                return s * 2
            s += v * v
        return s

    try:
        y = h(x)
    except ValueError:
        y = x[0] * 3
    except KeyError:
        y = x[0] * 5
    return y * y


def deep_loop(x):

    def inner(x):
        s = 0.0
        for v in x:
            if v < 0:
                raise Stop(s + v)
            s += v
        return s

    def outer(x):
        t = 0.0
        for k in range(6):
            t += inner(x * (1 + k))
        return t

    try:
        y = outer(x)
    except Stop as e:
        y = e.value**2
    return y * x[0]


def fallback_chain(x):

    def a(v):
        for k in range(8):
            v = v * 1.3
            if v > 3:
                raise ValueError
        return v

    def b(v):
        for k in range(8):
            v = v * 1.1
            if v > 3:
                raise KeyError
        return v

    s = 0.0
    for v in x:
        try:
            s += a(v)
        except ValueError:
            try:
                s += b(v)
            except KeyError:
                s += 9.0 * v
    return s


def finally_loop(x):
    n = 0

    def h(x):
        nonlocal n
        s = 0.0
        try:
            for v in x:
                if v < 0:
                    raise ValueError
                s += v * v
        finally:
            n += 1
        return s

    try:
        y = h(x)
    except ValueError:
        y = x[0] * 3
    return y * n


def exc_in_var(x):
    err = None
    s = 0.0
    for v in x:
        try:
            if v < 0:
                raise ValueError("bad")
            s += v * v
        except ValueError as e:
            err = e
            break
    if err is not None:
        s = s * 3
    return s


def comp_exc(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * 2

    try:
        y = sum([h(v) for v in x])
    except ValueError:
        y = x[0]
    return y * y


def assert_loop(x):

    def h(x):
        s = 0.0
        for v in x:
            if not v >= 0:
                raise AssertionError("negative")
            s += v * v
        return s

    try:
        y = h(x)
    except AssertionError:
        y = x[0]
    return y * 2


def err_cls_const(x):

    def h(v):
        if v < 0:
            raise ValueError("neg")
        return v

    last = None
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except ValueError as e:
            last = e
    if last is not None:
        s += len(str(last))
    return s * x[0]


def with_in(x):

    class Guard:
        def __init__(self):
            self.hits = 0

        def __enter__(self):
            return self

        def __exit__(self, t, e, tb):
            if t is not None and issubclass(t, TooBig):
                self.hits += 1
                return True
            return False

    g = Guard()
    s = 0.0

    def run(v):
        z = v
        for k in range(6):
            z = z * z
            if z > 10:
                raise TooBig
        return z

    for v in x:
        with g:
            s += run(v)
    return s + g.hits * x[0]


def line_of(x):

    def h(x):
        s = 0.0
        for v in x:
            if v < -1:
                raise ValueError
            if v < 0:
                raise ValueError
            s += v
        return s

    try:
        y = h(x)
    except ValueError as e:
        t = e.__traceback__
        while t.tb_next:
            t = t.tb_next
        y = x[0] * (t.tb_lineno - h.__code__.co_firstlineno)
    return y


def kept(x):
    errs = []
    s = 0.0
    for v in x:
        try:
            if v < 0:
                raise Stop(v * v)
            s += v
        except Stop as e:
            errs.append(e)
    return s + sum(e.value for e in errs)


def last_err(x):
    last = None
    s = 0.0
    for v in x:
        try:
            if v < 0:
                raise Stop(v * v)
            s += v
        except Stop as e:
            last = e
    if last is not None:
        return s * last.value
    return s


def bare(x):

    def h(x):
        s = 0.0
        for v in x:
            try:
                if v < 0:
                    raise Stop(v * 2)
                s += v
            except Stop:
                s += 1
                if s > 2:
                    raise
        return s

    try:
        return h(x)
    except Stop as e:
        return e.value * x[0]


def writes(x):
    a = np.zeros(len(x))

    def h():
        for i in range(len(x)):
            a[i] = x[i] ** 2
            if x[i] < 0:
                raise ValueError
            a[i] *= 3

    try:
        h()
    except ValueError:
        a[0] += 100
    return a.sum()


def wrong_outer(x):

    def h(x):
        s = 0.0
        for v in x:
            if v < 0:
                raise KeyError("a", v)
            s += v
        return s

    def g(x):
        try:
            return h(x)
        except ValueError:
            return x[0]

    try:
        return g(x) * 2
    except LookupError as e:
        return e.args[1] * 3


def forelse_once(x):

    def newton(a):
        z = 1.0
        for k in range(5):
            d = (z * z - a) / (2 * z)
            z -= d
            if abs(d) < 1e-06:
                return (z, k)
        raise RuntimeError("no")

    try:
        z, k = newton(abs(x[0]) * 3)
    except RuntimeError:
        z, k = (x[1], 99)
    return z * k


def slotted(x):

    def h(x):
        for v in x:
            if v < 0:
                raise Slotted(v * 3)
        return x[0]

    try:
        return h(x)
    except Slotted as e:
        return e.a


def prop(x):

    def h(x):
        for v in x:
            if v < 0:
                raise Prop(v * 3)
        return x[0]

    try:
        return h(x)
    except Prop as e:
        return e.twice * len(str(e))


def oserr(x):

    def h(x):
        for v in x:
            if v < 0:
                raise OSError(2, "no file")
        return x[0]

    try:
        return h(x)
    except FileNotFoundError as e:
        return x[0] * e.errno


def outer_err(x):
    err = Stop(0.0)

    def h(x):
        for v in x:
            if v < 0:
                err.value = v * v
                raise err
        return x[0]

    try:
        return h(x)
    except Stop as e:
        return e.value + err.value


def twoloops(x):

    def h(x):
        s = 0.0
        for v in x:
            for w in x:
                if v * w < -1:
                    raise Stop(v, 1)
                if v + w > 4:
                    raise Stop(w, 2)
                s += v * w
        return s

    try:
        return h(x)
    except Stop as e:
        return e.value * e.args[1]


def cond_loop(x):

    def h(x):
        if x[0] > 1:
            s = 0.0
            for v in x:
                if v < 0:
                    raise Stop(v)
                s += v
            return s
        return x[0]

    try:
        return h(x) * 2
    except Stop as e:
        return e.value


def context(x):

    def h(x):
        for v in x:
            try:
                if v < 0:
                    raise ValueError(v)
            except ValueError as e:
                raise Stop(v) from e
        return x[0]

    try:
        return h(x)
    except Stop as e:
        return e.__cause__.args[0] * 2 + (e.__context__ is e.__cause__)


def divloop(x):

    def h(x):
        s = 0.0
        for v in x.tolist():
            s += 1 / v + math.sqrt(v + 1.1)
        return s

    try:
        return h(x)
    except ZeroDivisionError:
        return x[0]
    except ValueError:
        return x[0] * 3


def in_with(x):
    s = 0.0
    for v in x:
        with contextlib.suppress(Stop):
            z = v
            for k in range(7):
                z = z * 1.4 + 0.1
                if z > 4:
                    raise Stop(z)
            s += z
    return s


def retry_counter(x):
    calls = 0

    def step(v, h):
        nonlocal calls
        calls += 1
        if h * v * v > 0.5:
            raise Stop(h * v)
        return h * v**3

    h = 4.0
    worst = 0.0
    while True:
        try:
            y = step(x[0], h)
        except Stop as e:
            worst = max(worst, e.value)
            h *= 0.5
            if calls > 30:
                raise
        else:
            break
    return y + h + worst * calls


def retry_list(x):
    tried = []
    h = 4.0
    for attempt in range(12):
        try:
            tried.append(h * x[0])
            if h * x[0] ** 2 > 0.5:
                raise Stop(h)
        except Stop:
            h *= 0.5
            continue
        break
    return sum(tried) + h


def try_in_while_cond(x):
    it = 0
    e = 1.0
    z = x[0]
    while e > 1e-06:
        try:
            it += 1
            if it > 15:
                raise Stop(z)
            zn = 0.5 * (z + x[1] / z)
            e = abs(zn - z)
            z = zn
        except Stop as s:
            z = s.value * 2
            break
    return z * it


def in_try(x):
    s = 0.0
    for v in x:
        z = v
        try:
            for k in range(7):
                z = z * 1.4 + 0.1
                if z > 4:
                    raise Stop(z)
            s += z
        except Stop as e:
            s += 10 * e.value
    return s


def in_try_while(x):
    s = 0.0
    i = 0
    while i < len(x):
        z = x[i]
        n = 0
        try:
            while abs(z) > 0.01:
                z = z * 0.7 - 0.05
                n += 1
                if n > 8:
                    raise Stop(z)
            s += z
        except Stop as e:
            s += 10 * e.value
        finally:
            i += 1
        s *= 1.1
    return s


def in_try_continue(x):
    s = 0.0
    for v in x:
        try:
            for k in range(7):
                if v * k > 4:
                    raise Stop(v * k)
        except Stop as e:
            s += e.value
            continue
        s += v * v
    return s + 1


def arrattr(x):

    def h(x):
        a = x * 2
        for i in range(len(x)):
            a[i] += 1
            if x[i] < 0:
                raise Stop(a, i)
        return a

    try:
        y = h(x)
    except Stop as e:
        y = e.value * (1 + e.args[1])
    return (y * y).sum()


def arralias(x):
    a = x * 1.0

    def h():
        for i in range(len(x)):
            a[i] += 1
            if x[i] < 0:
                raise Stop(a)

    try:
        h()
    except Stop as e:
        e.value[0] = 50.0
    return (a * a).sum()


def only_raise(x):

    def run():
        s = x[0]
        while True:
            s = s * 1.5
            if abs(s) > 10:
                raise Stop(s)

    try:
        run()
    except Stop as e:
        return e.value


def stopiter(x):

    def h(x):
        for v in x:
            if v < 0:
                raise StopIteration(v)
        return x[0]

    try:
        return h(x)
    except StopIteration as e:
        return e.value * 2


def identity(x):
    saved = []

    def h(x):
        for v in x:
            if v < 0:
                e = Stop(v)
                saved.append(e)
                raise e
        return x[0]

    try:
        return h(x)
    except Stop as e:
        return x[0] * (2 if e is saved[0] else 3)


def note(x):

    def h(x):
        for v in x:
            if v < 0:
                raise Stop(v)
        return x[0]

    try:
        return h(x)
    except Stop as e:
        e.value = e.value * 3
        e.add_note("hi")
        return e.value * len(e.__notes__)


def raise_class_var(x):

    def h(x):
        kind = ValueError
        for v in x:
            if v > 1.6:
                kind = KeyError
            if v < 0:
                raise kind
        return x[0]

    try:
        return h(x)
    except ValueError:
        return x[0] * 2
    except KeyError:
        return x[0] * 3


KEPT = [
    helper_for,
    helper_while,
    in_loop_helper_loop,
    carry_attr,
    carry_args,
    carry_attr_same_frame,
    stop_loop,
    stop_loop_helper,
    retry,
    retry_helper,
    retry_in_loop,
    retry_return,
    lists_in,
    arr_in,
    chol,
    subexc,
    method_loop,
    two_exits,
    deep_loop,
    fallback_chain,
    finally_loop,
    exc_in_var,
    comp_exc,
    assert_loop,
    err_cls_const,
    with_in,
    line_of,
    kept,
    last_err,
    bare,
    writes,
    wrong_outer,
    forelse_once,
    slotted,
    prop,
    oserr,
    outer_err,
    twoloops,
    cond_loop,
    context,
    divloop,
    in_with,
    retry_counter,
    retry_list,
    try_in_while_cond,
    in_try,
    in_try_while,
    in_try_continue,
]


OTHERS = [arrattr, arralias, only_raise, stopiter, identity, note, raise_class_var]


SMOOTH = [carry_attr, stop_loop_helper, retry_in_loop, arr_in, deep_loop, in_try_while]
POINTS = [
    np.array([1.1, 2.0, 3.0, -1.2, 0.7, -0.3, 0.4]),
    np.array([1.5, 2.0, 0.7, 0.9, 0.8]),
    np.array([-1.01, -0.5, 0.3]),
    np.array([0.2, 0.1, 0.05, 0.35]),
    np.array([1.7, 1.9, 0.0, 0.3, -3.1]),
    np.array([0.3, 0.2]),
]


@pytest.mark.parametrize("fn", [*KEPT, *OTHERS], ids=lambda f: f.__name__)
def test_values(fn):
    traced = Traced(fn)
    for x in POINTS:
        try:
            with np.errstate(all="ignore"):
                expected = fn(x.copy())
        except Stop:
            continue
        assert same(traced(x), expected), traced.text
    if fn in KEPT:
        assert traced.traces == 1
        assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", SMOOTH, ids=lambda f: f.__name__)
def test_derivatives(fn):
    g, product = grad(fn), hessian_vector_product(fn)
    for x in POINTS[1:3]:
        v = np.cos(np.arange(len(x)))
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(g(x), rtol=1e-6)
        along = reference.derivative(lambda z: np.asarray(g(z)), (x,), (v,), shorter=2.0**-6)
        assert not along.disagreement(product(x, v), rtol=1e-5, atol=1e-6)


def test_what_nobody_catches_leaves_the_loop():
    def f(x):
        def total(x):
            s = 0.0
            for v in x:
                if v < 0:
                    raise Stop(v, 7)
                s += v * v
            return s

        try:
            return total(x)
        except KeyError:
            return 0.0

    g = grad(f)
    assert g(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    with pytest.raises(Stop) as raised:
        g(np.array([1.0, -2.0]))
    assert raised.value.value == -2.0 and raised.value.args == ("stop", 7)
    assert g(np.array([3.0])).tolist() == [6.0]


def test_what_was_printed_before_is_shown(capsys):
    def f(x):
        def run():
            for v in x:
                print("at", v)
                if v < 0:
                    raise Stop(v)
            return x[0]

        try:
            y = run()
        except Stop as stop:
            print("stopped by", stop.value)
            y = stop.value * 2
        return y

    traced = Function(f)
    for x in POINTS:
        f(x)
        expected = capsys.readouterr().out
        traced(x)
        assert capsys.readouterr().out == expected


def test_a_text_with_numbers_goes_along():
    def f(x):
        def run():
            for k, v in enumerate(x):
                if v < 0:
                    raise ValueError(f"item {k} is {v:.3f}", v)
            return x[0]

        try:
            return run(), ""
        except ValueError as error:
            return error.args[1] * 2, error.args[0]

    agree(f, *((x,) for x in POINTS))


def other_class(x):
    def price(rate):
        return sum(math.exp(-rate * k) / (1 + rate * rate) for k in range(1, len(x) + 5))

    def solve(v):
        for _ in range(30):
            if v > 3:
                raise TooBig
            v = v * 1.2 + price(v) * 0.01
        return v

    try:
        return solve(x[0])
    except (TooBig, np.linalg.LinAlgError):
        return x[1] * 2


def rebound(x):
    kind = KeyError

    def ratio(a, b):
        return float(a) / float(b)

    s = 0.0
    for v in x:
        try:
            try:
                s += ratio(1.0, v)
            except kind:
                s += 100.0
            except LookupError:
                s += 200.0
        except ArithmeticError:
            s += v + 5.0
    return s


@pytest.mark.parametrize("fn", [other_class, rebound], ids=lambda f: f.__name__)
def test_clauses_for_other_classes_are_no_handlers(fn):
    traced = agree(fn, *((x,) for x in POINTS))
    assert traced.traces == 1
    assert not traced.programs[0].reasons


def test_a_class_that_is_another_one_later():
    namespace = {"Caught": KeyError}
    exec(
        "def f(x):\n    try:\n        return 1 / x\n    except Caught:\n        return -x",
        namespace,
    )
    f = Function(namespace["f"])
    assert f(2.0) == 0.5
    with pytest.raises(ZeroDivisionError):
        f(0.0)
    namespace["Caught"] = ZeroDivisionError
    assert f(0.0) == namespace["f"](0.0)
    assert f(4.0) == 0.25
