"""Iterators from outside: each call takes what Python would take, once, whatever way it goes."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import numpy as np
import pytest

import bcad
from tests.trace.helpers import Traced

CASES = [
    ("iter([1.,2.,3.,4.,5.,6.])", "return next(IT)*x[0]"),
    ("iter([1.,2.,3.,4.,5.,6.])", "a=next(IT); b=next(IT); return a*x[0]+b"),
    ("iter([1.,2.,3.])", "return next(IT, 7.)*x[0]"),
    ("iter([1.,2.,3.])", "return sum(IT)*x[0]"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "s=0.\nfor v in IT:\n    s = s+v*x[0]\n    if v % 2 == 0: break\nreturn s"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "s=0.\nfor v in x:\n    s = s+v*next(IT)\nreturn s"),
    ("itertools.count()", "return next(IT)*x[0]"),
    ("itertools.count(1.5,0.5)", "return next(IT)*x[0]"),
    ("itertools.count(2)", "return x[next(IT)%2]*next(IT)"),
    ("itertools.cycle([1.,2.,3.])", "return next(IT)*x[0]"),
    ("itertools.cycle([np.array([1.,2.]),np.array([3.,4.])])", "return (next(IT)*x[:2]).sum()"),
    ("zip([1.,2.,3.,4.],[5.,6.,7.,8.])", "a,b=next(IT); return a*x[0]+b*x[1]"),
    ("enumerate([1.,2.,3.,4.])", "a,b=next(IT); return a*x[0]+b*x[1]"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "if x[0]>0: return next(IT)*x[1]\nreturn x[1]"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "s=x[1]\nif x[0]>0: s=s*next(IT)\nreturn s*next(IT)"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "s=x[1]\nif x[0]>0: s=s*next(IT)\nelse: next(IT); next(IT)\nreturn s"),
    ("iter(np.array([1.,2.,3.,4.,5.]))", "return next(IT)*x[0]"),
    ("iter(np.arange(12.).reshape(6,2))", "return (next(IT)*x[:2]).sum()"),
    ("iter({'a':1.,'b':2.,'c':3.,'d':4.}.values())", 'return next(IT)*x[0]'),
    ("iter({'a':1.,'b':2.,'c':3.,'d':4.}.items())", "k,v=next(IT); return v*x[0] if k!='b' else x[1]"),
    ("iter(deque([1.,2.,3.,4.]))", "return next(IT)*x[0]"),
    ("iter([[1.],[2.],[3.],[4.]])", "l=next(IT); l.append(x[0]); return sum(l)*x[1]"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "return sum(a*b for a,b in zip(IT,x))"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "return sum(a*b for a,b in zip(x,IT))"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "return sum([v*x[0] for v in itertools.islice(IT,2)])"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "try:\n    if x[0]<0: raise ValueError\n    return next(IT)*x[0]\nexcept ValueError:\n    return next(IT)*x[1]*9"),
    ("iter([1.,2.])", "try:\n    return next(IT)*x[0]\nexcept StopIteration:\n    return x[1]"),
    ("itertools.repeat(2.5,3)", "return next(IT,1.)*x[0]"),
    ("itertools.repeat(2.5)", "return next(IT,1.)*x[0]"),
    ("iter(['a','b','a','b'])", "return x[0] if next(IT)=='a' else x[1]"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "s=0.\nfor v in IT:\n    for w in IT:\n        s = s+v*w*x[0]\n        break\n    if v>2: break\nreturn s"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "def take(): return next(IT)\nreturn take()*x[0]+take()"),
    ("iter([1.,2.,3.,4.,5.,6.,7.,8.])", "a, b = itertools.islice(IT, 2)\nreturn a*x[0]+b"),
    ("iter([1.,2.,3.])", "a, *b = IT\nreturn a*x[0]+sum(b)"),
    ("iter([1.,2.,3.])", "return (2. in IT)*x[0]"),
    ("iter([1.,2.,3.])", "return np.array(list(IT)+[x[0]]).sum()"),
    ("iter([1.,2.,3.,4.])", "i=0\nwhile x[i]>0 and i<2:\n    i+=1\n    next(IT)\nreturn next(IT,9.)*x[0]"),
]
POINTS = ([0.5, 0.7], [0.6, 0.2], [-0.5, 0.7], [0.3, 0.4, 0.5], [0.4, 0.4])
_names = itertools.count()


def _world(made: str, body: str) -> dict[str, Any]:
    lines = "\n".join("    " + line for line in body.split("\n"))
    text, name = f"import itertools\nfrom collections import deque\nimport numpy as np\nIT = {made}\ndef f(x):\n{lines}\n", f"<drawn {next(_names)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), names)
    return names


def _outcome(fn: Any, x: list[float]) -> Any:
    try:
        return fn(np.array(x))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("made, body", CASES)
def test_gives_and_leaves_what_python_does(made: str, body: str) -> None:
    plain, traced = _world(made, body), _world(made, body)
    function = bcad.Function(traced["f"], backend="numpy")
    for x in POINTS:
        expected = _outcome(plain["f"], x)
        given = _outcome(function, x)
        assert given is expected or given == pytest.approx(expected)
    assert repr([*itertools.islice(traced["IT"], 3)]) == repr([*itertools.islice(plain["IT"], 3)])


def test_the_gradient_is_that_of_the_items_taken() -> None:
    batches = itertools.cycle([np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])])
    g = bcad.grad(lambda w: (next(batches) * w).sum() ** 2)
    for batch in ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [1.0, 2.0]):
        np.testing.assert_allclose(g(np.array([0.5, 0.25])), 2 * np.dot(batch, [0.5, 0.25]) * np.array(batch))
    assert next(batches)[0] == 3.0


def test_one_program_for_all_batches() -> None:
    batches = iter([np.full(2, float(k)) for k in range(20)])
    traced = Traced(lambda w: (next(batches) * w).sum())
    assert [traced(np.ones(2)) for _ in range(10)] == [2.0 * k for k in range(10)]
    assert traced.traces == 1


def test_two_names_of_one_iterator() -> None:
    first = second = iter([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    f = bcad.Function(lambda x: next(first) * x + 10 * next(second), backend="numpy")
    assert [f(1.0), f(1.0)] == [21.0, 43.0]
    assert next(first) == 5.0


def test_what_it_goes_through_is_not_written_to() -> None:
    items = [1.0, 2.0, 3.0]
    it = iter(items)

    def fn(x: Any) -> Any:
        items[0] = x
        return next(it) * x

    with pytest.raises(bcad.Unsupported, match="what it goes through is written to"):
        bcad.Function(fn)(1.5)
    assert next(it) == 1.0


def test_a_call_that_raises_has_taken_what_python_takes() -> None:
    it = iter([1.0, 2.0, 3.0])

    def fn(x: Any) -> Any:
        v = next(it)
        if x < 0:
            raise KeyError("x")
        return v * x

    f = bcad.Function(fn)
    assert f(2.0) == 2.0
    with pytest.raises(KeyError):
        f(-1.0)
    assert f(2.0) == 6.0


@pytest.mark.parametrize("made", [lambda: map(float, range(9)), lambda: (k for k in range(9)), lambda: itertools.chain([1.0], [2.0])])
@pytest.mark.parametrize("advance", [next, lambda it: sum([next(it), next(it)]), lambda it: next(w for w in it), lambda it: next(it, 7.0)])
def test_one_that_cannot_be_had_twice_is_not_advanced_behind_the_back(made: Any, advance: Any) -> None:
    it = made()
    f = bcad.Function(lambda x: advance(it) * x)
    with pytest.raises(bcad.Unsupported, match="advanc"):
        f(1.5)
    assert next(it) == next(made())
