"""Exceptions that a helper or arithmetic raises and a caller catches: the handler is one way of a branch."""

from __future__ import annotations

import contextlib
import functools
import math

import numpy as np
import pytest

from bcad import Function, grad, hessian_vector_product
from tests.programs import reference
from tests.trace.helpers import Traced, agree, same


def helper_loop(x):

    def h(v):
        if v < 0:
            raise ValueError
        return np.sqrt(v)
    s = 0.0
    for v in x:
        try:
            s = s + h(v) * 2
        except ValueError:
            s = s - v * v
    return s


def deep(x):

    def a(v):
        if v < -0.6:
            raise KeyError('k')
        return v * 2

    def b(v):
        return a(v) + 1

    def c(v):
        w = b(v)
        return w * w
    try:
        y = c(x[0])
    except KeyError:
        y = x[-1]
    return y * x[0]


def nested_if(x):

    def h(v):
        if v < 2:
            if v < 0:
                raise ValueError
            y = v * v
        else:
            y = v * 3
        return y + 1
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except ValueError:
            s -= v
    return s


def two_kinds(x):

    def h(v):
        if v < -1:
            raise ValueError
        if v < 0:
            raise KeyError
        return v * v
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except ValueError:
            s -= v
        except KeyError:
            s -= 3 * v
    return s


def finally_(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * v
    s = 0.0
    n = 0
    for v in x:
        try:
            s += h(v)
        except ValueError:
            s -= v
        finally:
            n += 1
            s *= 0.9
    return s * n


def else_(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * v
    s = 0.0
    for v in x:
        try:
            y = h(v)
        except ValueError:
            s -= v
        else:
            s += y * 2
    return s


def break_(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * v
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except ValueError:
            break
    return s * s


def around_loop(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * v
    s = 0.0
    try:
        for v in x:
            s += h(v)
    except ValueError:
        s = s * 10
    return s * s


def state(x):
    d = {'n': 0.0}

    def h(v):
        d['n'] += v
        if v < 0:
            raise ValueError
        d['n'] *= 2
        return v * v
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except ValueError:
            s -= 1
    return s * d['n']


def reraise(x):

    def h(v):
        if v < 0:
            raise ValueError('negative')
        return v * v

    def g(v):
        try:
            return h(v)
        except ValueError as e:
            raise KeyError('k') from e
    s = 0.0
    for v in x:
        try:
            s += g(v)
        except KeyError:
            s += v
    return s


def bare(x):

    def h(v):
        if v < 0:
            raise ValueError('negative')
        return v * v
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except BaseException:
            s += v
    return s


def newton_guard(x):

    def f(v):
        return v * v - 2

    def step(v):
        d = 2 * v
        if abs(d) < 0.001:
            raise ZeroDivisionError
        return v - f(v) / d
    v = x[0]
    for i in range(6):
        try:
            v = step(v)
        except ZeroDivisionError:
            v = v + 0.1
    return v * x[-1]


def mutates(x):

    def h(v, log):
        log.append(v)
        if v < 0:
            raise ValueError
        log.append(v * v)
        return v
    log = []
    s = 0.0
    try:
        s = h(x[0], log)
    except ValueError:
        s = 3 * x[0]
    return s + sum(log) * len(log)


def wrong_handler(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * 2

    def g(v):
        try:
            return h(v)
        except KeyError:
            return v * 100
        finally:
            cnt.append(1)
    cnt = []
    s = 0.0
    try:
        s = g(x[0])
    except ValueError:
        s = x[0] ** 3
    return s * len(cnt)


def suppress(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * 2
    s = x[1]
    with contextlib.suppress(ValueError):
        s = s * 3
        s = s + h(x[0])
        s = s * 2
    return s


def ctx(x):

    class M:

        def __init__(self):
            self.n = 0

        def __enter__(self):
            self.n += 1
            return self

        def __exit__(self, t, e, tb):
            self.n += 10
            return t is ValueError

    def h(v):
        if v < 0:
            raise ValueError
        return v * 2
    m = M()
    s = x[1]
    with m:
        s = h(x[0])
    return s * m.n


def attr(x):

    class S:
        pass
    st = S()
    st.n = 0.0
    st.fail = 0

    def upd(st, v):
        st.n += v
        if v < 0:
            raise ArithmeticError
        st.n *= 1.1
    for v in x:
        try:
            upd(st, v)
        except ArithmeticError:
            st.fail += 1
            st.n -= 0.5
    return st.n * (1 + st.fail)


def while_(x):

    def step(t, v):
        n = t + 0.37 * v
        if n > 2.0:
            raise OverflowError
        return n
    t = 0.0
    k = 0
    while k < 20:
        try:
            t = step(t, x[0])
        except OverflowError:
            t = t - 1.5 * x[0]
        k += 1
    return t


def multi(x):

    def h(v):
        if v < -1:
            raise ValueError
        elif v < 0:
            raise KeyError
        elif v > 2.5:
            raise IndexError
        return v * v
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except (ValueError, KeyError):
            s -= v
        except LookupError:
            s += 7 * v
    return s


def retry(x):

    def attempt(v, lr):
        n = v - lr * (v * v * v - 1)
        if abs(n) > 1.2:
            raise RuntimeError('diverged')
        return n
    v = x[0]
    lr = 1.0
    for k in range(12):
        try:
            v = attempt(v, lr)
        except RuntimeError:
            lr = lr * 0.5
    return v * lr


def nested_try(x):

    def h(v):
        if v < -1:
            raise ValueError
        if v < 0:
            raise KeyError
        return v
    s = 0.0
    for v in x:
        try:
            try:
                s += h(v)
            except KeyError:
                s += 10 * h(-v)
            s *= 1.5
        except ValueError:
            s += 100 * v
    return s


def two_in_one(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v
    try:
        y = h(x[0]) + h(x[1] - 1.9) * h(x[-1])
    except ValueError:
        y = x[0] ** 2
    return y


def return_in_handler(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * v

    def g(v):
        try:
            return h(v)
        except ValueError:
            return None
    s = 0.0
    for v in x:
        r = g(v)
        if r is None:
            continue
        s += r
    return s + x[0]


def kw(x):

    def h(*, v, k=2):
        if v < 0:
            raise ValueError
        return v * k
    try:
        y = h(**{'v': x[0]}) + h(v=x[1], k=3)
    except ValueError:
        y = x[0] * x[0]
    return y


def sqrt_loop(x):
    s = 0.0
    for v in x.tolist():
        try:
            s = s + math.sqrt(v)
        except ValueError:
            s = s - v * v
    return s


def div_loop(x):
    s = 0.0
    for v in x:
        try:
            s += 1 / float(v)
        except ZeroDivisionError:
            s += 5.0
    return s


def around_loop_sqrt(x):
    s = 0.0
    try:
        for v in x.tolist():
            s += math.sqrt(v)
    except ValueError:
        s = s * 10 + x[0]
    return s * s


def mod(x):
    s = 0.0
    for i in range(len(x)):
        try:
            s += x[i] * (7 % (i - 1))
        except ZeroDivisionError:
            s += 2 * x[i]
    return s


def acos(x):
    t = 0.0
    for v in x:
        try:
            t += math.acos(v)
        except ValueError:
            t += 0.0 if v > 0 else math.pi * v
    return t


def arr(x):
    a = np.zeros(len(x))
    for i in range(len(x)):
        try:
            a[i] += math.sqrt(x[i])
            a[i] *= 2
        except ValueError:
            a[i] -= x[i]
    return (a * a).sum()


def exp(x):
    s = 0.0
    for v in x:
        try:
            s += math.exp(400 * v)
        except OverflowError:
            s += v
        s = s / (1 + s * s) if s < 1e+100 else 1 / s
    return s


def default_arg(x):

    def safe(f, v, default=0.0):
        try:
            return f(v)
        except (ValueError, ZeroDivisionError):
            return default
    return sum(safe(math.log, v, v * v) + safe(lambda u: 1 / float(u - 1.9), v) for v in x)


def safe_div(x):

    def safe(a, b):
        try:
            return a / b
        except ZeroDivisionError:
            return 0.0
    s = 0.0
    for i in range(len(x)):
        s += safe(float(x[i]), float(x[0]) - float(x[i]))
    return s


def append_or_not(x):
    h = []
    for v in x:
        try:
            h.append(math.sqrt(v))
            h.append(1.0)
        except ValueError:
            pass
    return sum(h) + x[0] ** 2


def message(x):

    def h(v):
        if v < 0:
            raise ValueError('negative')
        return v
    n = 0
    for v in x:
        try:
            h(v)
        except ValueError as e:
            n += len(str(e))
    return n * x[0]


def map_(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * 2
    try:
        y = sum(map(h, x))
    except ValueError:
        y = x[0]
    return y * y


def gen(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * 2
    try:
        y = sum(h(v) for v in x)
    except ValueError:
        y = x[0]
    return y * y


def comp(x):

    def h(v):
        if v < 0:
            raise ValueError
        return v * 2
    try:
        y = sum([h(v) for v in x])
    except ValueError:
        y = x[0]
    return y * y


def partial(x):

    def h(k, v):
        if v < 0:
            raise ValueError
        return v * k
    f = functools.partial(h, 3)
    try:
        y = f(x[0])
    except ValueError:
        y = x[0] * x[0]
    return y


def dunder(x):

    class V:

        def __init__(self, v):
            self.v = v

        def __add__(self, o):
            if self.v < 0:
                raise ValueError
            return V(self.v + o.v)

        def __call__(self, k):
            if self.v < -0.5:
                raise KeyError
            return self.v * k
    a = V(x[0])
    b = V(x[1])
    try:
        y = (a + b).v
    except ValueError:
        y = x[0] * 5
    try:
        z = a(3)
    except KeyError:
        z = x[0] ** 3
    return y * z


def prop(x):

    class V:

        def __init__(self, v):
            self._v = v

        @property
        def v(self):
            if self._v < 0:
                raise ValueError
            return self._v
    try:
        y = V(x[0]).v
    except ValueError:
        y = x[0] * 5
    return y * y


def method(x):

    class A:

        def __init__(self, v):
            if v < 0:
                raise ValueError
            self.v = v

        def get(self):
            if self.v > 2:
                raise KeyError
            return self.v ** 2
    s = 0.0
    for v in x:
        try:
            s += A(v).get()
        except ValueError:
            s -= v
        except KeyError:
            s += 1
    return s


def helper_with_loop(x):

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


def carry_value(x):

    def h(v):
        if v < 0:
            raise Bad(v * v)
        return v
    s = 0.0
    for v in x:
        try:
            s += h(v)
        except Bad as e:
            s += e.v * 3
    return s

class Bad(Exception):
    def __init__(self, v):
        super().__init__("bad")
        self.v = v


KEPT = [
    helper_loop, deep, nested_if, two_kinds, finally_, else_, break_, around_loop, state, reraise, bare, newton_guard, mutates,
    wrong_handler, suppress, ctx, attr, while_, multi, retry, nested_try, two_in_one, return_in_handler, kw, sqrt_loop, comp,
    div_loop, around_loop_sqrt, mod, acos, arr, exp, default_arg, safe_div, append_or_not, message, helper_with_loop, carry_value,
]
OTHERS = [map_, gen, partial, dunder, prop, method]
POINTS = [np.array([1.1, 2.0, 3.0, -1.2, 0.7, -0.3, 0.4]), np.array([1.5, 2.0, 0.7, 0.9, 0.8]), np.array([-1.01, -0.5]),
          np.array([-0.7, 1.9, 0.0, np.nan, 3.1])]


@pytest.mark.parametrize("fn", [*KEPT, *OTHERS], ids=lambda f: f.__name__)
def test_values(fn):
    traced = Traced(fn)
    for x in POINTS:
        assert same(traced(x), fn(x)), traced.text
    if fn in KEPT:
        assert traced.traces == 1
        assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", [*KEPT[::2], prop, method], ids=lambda f: f.__name__)
def test_derivatives(fn):
    g, product = grad(fn), hessian_vector_product(fn)
    for x in POINTS[1:3]:
        v = np.cos(np.arange(len(x)))
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(g(x), rtol=1e-6)
        along = reference.derivative(lambda z: np.asarray(g(z)), (x,), (v,), shorter=2.0**-6)
        assert not along.disagreement(product(x, v), rtol=1e-5, atol=1e-6)


def test_what_nobody_catches_is_raised():
    def f(x):
        def positive(v):
            if v < 0:
                raise ValueError(f"{v} < 0")
            return math.sqrt(v)

        try:
            return positive(x)
        except KeyError:
            return 0.0

    g = grad(f)
    assert g(4.0) == 0.25
    with pytest.raises(ValueError, match="-4.0 < 0"):
        g(-4.0)
    assert g(1.0) == 0.5


def test_what_was_printed_before_is_shown(capsys):
    def f(x):
        def noisy(v):
            print("asked", v)
            if v < 0:
                raise ValueError
            print("given")
            return v

        try:
            y = noisy(x)
        except ValueError:
            y = x * x
        print("done")
        return y

    traced = Function(f)
    for x in (1.5, -2.0, 3.0, -4.0):
        f(x)
        expected = capsys.readouterr().out
        traced(x)
        assert capsys.readouterr().out == expected


@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e308, -1e-320])
def test_arithmetic_at_its_limits(x):
    def f(v):
        found = []
        for op in (math.sqrt, math.log, math.exp, math.cosh, math.sin, math.atanh, lambda u: 1 / u, lambda u: 7.5 % u):
            try:
                found.append(op(v))
            except ValueError:
                found.append(1.25)
            except OverflowError:
                found.append(2.25)
            except ZeroDivisionError:
                found.append(3.25)
        return found

    agree(f, (0.5,), (x,), (2.0,))


def test_the_exception_of_arithmetic_is_as_it_is_in_python():
    def f(x):
        try:
            return 1 / x, ""
        except ZeroDivisionError as error:
            return x, str(error)

    agree(f, (2.0,), (0.0,), (3.0,))


def test_the_handler_reads_the_traceback_of_the_right_line():
    def f(x):
        def inner(v):
            if v < 0:
                raise ValueError
            return v

        try:
            return inner(x) * 1.0
        except ValueError as error:
            return x * error.__traceback__.tb_next.tb_lineno

    agree(f, (2.0,), (-2.0,), (3.0,))


def test_a_long_unrolled_loop_does_not_double_with_each_round():
    def f(x, kinds):
        def take(v, kind):
            if v < 0 and kind == "log":
                raise ValueError
            return v

        s = 0.0
        for kind in kinds:
            try:
                s += take(x - s, kind)
            except ValueError:
                s += 1
        return s

    traced = agree(f, (0.3, ["log", "id"] * 15), (2.0, ["log", "id"] * 15))
    assert len(traced.programs[0].graph.nodes) < 2000


def out_of_range(x, k):
    items = [x[0]] * k
    try:
        items[k - 1 if k > 3 else k] += 1.0
        return items[k - 1]
    except IndexError:
        return x[1] + len(items)


def absent(x, k):
    items = [v * 0 + j for j, v in enumerate(x)]
    try:
        return items.index(k) * x[1]
    except ValueError:
        return x[0]


@pytest.mark.parametrize("fn", [out_of_range, absent])
def test_an_index_that_only_a_run_can_tell_raises_where_it_is_caught(fn):
    f = Function(fn, backend="numpy")
    for k in (2, 3, 1, 0, 4, 5):
        for x in ([0.5, 0.25], [0.5, 0.25, 2.0, 3.0]):
            assert f(np.array(x), k) == fn(np.array(x), k)
