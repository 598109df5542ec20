"""What effects leave behind is shared as in Python: one object at two places, arrays from outside, views; text shows what was."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from bcad import Function, value_and_grad

X = np.array([1.0, 2.0, 3.0])


class Thing:
    """State of any kind."""


class Pair:
    def __init__(self, value: Any) -> None:
        self.value = value


def subtract_in_place(x, s):
    s.w -= 0.5
    return (s.v * x).sum()


def keep_outer(x, s):
    s.kept = s.w
    return (x * s.w).sum()


def keep_outer_in_tuple(x, s):
    s.kept = (s.w, x[0])
    return x.sum()


def keep_view_of_outer(x, s):
    s.kept = s.w[1:]
    return (x * s.w).sum()


def keep_row_that_an_index_names(x, s):
    s.kept = s.table[len(x) - 2]
    return (x * s.kept).sum()


def keep_tail_of_symbolic_length(x, s):
    s.kept = s.w[len(x) - 1:]
    return (x * s.w).sum()


def keep_reshaped(x, s):
    s.kept = s.table.reshape(-1)
    return (x * s.w).sum()


def keep_new_twice(x, s):
    a = x * 2
    s.one = a
    s.two = a
    return a.sum()


def keep_new_and_its_copy(x, s):
    a = x * 2
    s.one, s.two = a, a.copy()
    return a.sum()


def keep_new_and_its_view(x, s):
    a = x * 2
    s.one, s.two = a, a[1:]
    return a.sum()


def keep_view_alone(x, s):
    s.kept = (x * 2)[::-1]
    return x.sum()


def keep_dict_twice(x, s):
    found = {"sum": x.sum()}
    s.one = s.two = found
    return x.sum()


def keep_instance_twice(x, s):
    found = Pair(x * 2)
    s.one, s.two = found, [found]
    return x.sum()


def keep_static_instance(x, s):
    s.history.append(Pair(1))
    return x.sum()


def keep_static_containers(x, s):
    s.history.append([{1, 2}, [3]])
    return x.sum()


def keep_argument(x, s):
    s.kept = x
    return x.sum()


def keep_changed_argument(x, s):
    x *= 2
    s.kept = x
    return x.sum()


def keep_history_of_one_array(x, s):
    s.history.append(s.w)
    s.w += x * 0 + 1
    return (s.w * x).sum()


def keep_outer_list(x, s):
    s.kept = s.history
    s.history.append(x[0])
    return x.sum() * len(s.history)


def swap(x, s):
    s.w, s.v = s.v, s.w
    s.w[0] += 1
    return (s.w * x).sum()


PROGRAMS = [f for name, f in list(globals().items()) if name.startswith(("keep", "subtract", "swap"))]


def state(alias: bool) -> Thing:
    s = Thing()
    s.w, s.v, s.history = np.ones(3), np.arange(3.0), []
    s.table = np.arange(9.0).reshape(3, 3)
    if alias:
        s.v = s.w
    return s


def arrays(s: Any, path: str = "") -> list[tuple[str, np.ndarray]]:
    if isinstance(s, np.ndarray):
        return [(path, s)]
    if isinstance(s, (Thing, Pair)):
        s = vars(s)
    children = s.items() if isinstance(s, dict) else enumerate(s) if isinstance(s, (list, tuple)) else ()
    return [found for key, child in children for found in arrays(child, f"{path}.{key}")]


def objects(s: Any, path: str = "") -> list[tuple[str, int]]:
    if isinstance(s, (Thing, Pair)):
        return [(path, id(s)), *objects(vars(s), path)]
    if not isinstance(s, (dict, list, tuple, set)):
        return []
    own = [] if isinstance(s, tuple) or not path or path.endswith("!") else [(path, id(s))]
    children = s.items() if isinstance(s, dict) else enumerate(s)
    return own + [found for key, child in children for found in objects(child, f"{path}.{key}")]


def seen(s: Thing, x: np.ndarray) -> Any:
    """Values, and which of them are the same or share memory."""
    found = [*arrays(s), ("x", x)]
    places = objects(vars(s))
    return (
        [(path, a.dtype, a.shape, a.tolist()) for path, a in found],
        [(p, q) for p, a in found for q, b in found if np.shares_memory(a, b)],
        [(p, q) for p, a in places for q, b in places if a == b],
    )


@pytest.mark.parametrize("alias", [False, True], ids=["apart", "alias"])
@pytest.mark.parametrize("backend", ["numpy", "numba", "gradient"])
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_state_is_shared_as_in_python(f: Any, backend: str, alias: bool) -> None:
    plain, traced = state(alias), state(alias)
    call = Function(lambda x: f(x, traced), backend=backend) if backend != "gradient" else value_and_grad(lambda x: f(x, traced))
    for k in range(3):
        x, y = X * (k + 1), X * (k + 1)
        mine = x.copy() if f is keep_changed_argument else x  # the caller's array is left as it was
        expected, found = f(mine, plain), call(y)
        assert np.allclose(found if backend != "gradient" else found[0], expected)
        assert seen(plain, x if mine is x else np.zeros(0)) == seen(traced, y if mine is x else np.zeros(0))
        for s in (plain, traced):  # and it stays so when others write to it
            for _, a in arrays(s)[::2]:
                a[...] = a + 0.25
        assert seen(plain, x if mine is x else np.zeros(0)) == seen(traced, y if mine is x else np.zeros(0))


def shows_arrays(x):
    a = x * 2
    v = a[1:]
    print(a, v)
    a[1] = 7
    print(a, v)
    return a.sum()


def shows_containers(x):
    found, by_name = [x[0]], {"a": x[0]}
    print(found, by_name)
    found.append(x[1])
    by_name["a"] = x[1]
    print(found, by_name, f"{x[0]:.3f}")
    return x.sum()


def shows_text_made_before(x):
    a = x * 2
    text = f"{a}"
    a[0] = 9
    print(text, "{}".format(a), "a %s" % (a,))  # noqa: UP031, UP032
    return a.sum()


OUTER = np.ones(3)


def shows_outer(x):
    print(OUTER)
    OUTER[0] = x[1]
    print(OUTER)
    return (OUTER * x).sum()


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [shows_arrays, shows_containers, shows_text_made_before, shows_outer], ids=lambda f: f.__name__)
def test_what_is_shown_is_what_was_then(f: Any, backend: str) -> None:
    call = Function(f, backend=backend)
    for k in (1, 2):
        texts = []
        for g in (f, call):
            OUTER[:] = 1
            with contextlib.redirect_stdout(io.StringIO()) as shown:
                g(X * k)
            texts.append(shown.getvalue())
        assert texts[0] == texts[1]


def test_an_object_that_holds_itself_is_refused() -> None:
    s = Thing()

    def f(x):
        p = Pair(x)
        p.value = [p]
        s.p = p
        return x.sum()

    with pytest.raises(Exception, match="holds itself"):
        Function(f)(X)
