"""Lists and objects that functions of the library write to, or hand on, are those of the program, whatever numbers stand in them."""

from __future__ import annotations

import bisect
import copy
import heapq
import operator
from typing import Any

import numpy as np
import pytest

import bcad

WAY = -1.0
LIST = """
h.append(x[0])
list.append(h, x[0])
heapq.heappush(h, x[0])
heapq.heapify(h)
heapq.heappop(h)
heapq.heapreplace(h, x[0])
heapq.heappushpop(h, x[0])
operator.setitem(h, 1, x[0])
operator.delitem(h, 1)
operator.iadd(h, [x[0]])
operator.imul(h, 2)
operator.iconcat(h, [x[0]])
bisect.insort(h, x[0])
list.extend(h, [x[0]])
list.__setitem__(h, 0, x[0])
h.__setitem__(0, x[0])
getattr(h, 'append')(x[0])
m = h.append; m(x[0])
setattr(O, 'h', h); O.h.append(x[0])
vars(O)['h'] = h; O.h.append(x[0])
object.__setattr__(O, 'h', h); O.h.append(x[0])
D['h'] = h; D['h'].append(x[0])
q = copy.copy(h); q.append(1.0); h.append(q[-1])
(lambda z: z.append(x[0]))(h)
list(map(h.append, x))
max([h], key=len).append(x[0])
next(iter([h])).append(x[0])
dict(a=h)['a'].append(x[0])
tuple([h])[0].append(x[0])
[*[h]][0].append(x[0])
(h or []).append(x[0])
list(zip([h], [1]))[0][0].append(x[0])
list(enumerate([h]))[0][1].append(x[0])
operator.itemgetter(0)([h]).append(x[0])
{1: h}.get(1).append(x[0])
min([h, [9.0] * 4], key=len).append(x[0])
list(filter(None, [h]))[0].append(x[0])""".strip().split("\n")


class Anything:
    """Whose attributes are set."""


def made(body: str) -> dict[str, Any]:
    """A namespace with ``f(x)`` of these statements."""
    library = {module.__name__: module for module in (bisect, copy, heapq, operator)}
    names: dict[str, Any] = {**globals(), **library, "O": Anything(), "D": {}}
    exec("def f(x):\n" + "".join(f"    {line}\n" for line in body.split("\n")), names)
    return names


@pytest.mark.parametrize("before", ["pass", "if WAY > 0: h[0] = 3.0", "if x[0] > 2.5: h[1] = x[1]"])
@pytest.mark.parametrize("step", LIST)
def test_a_list_is_the_one_that_is_written_to(step: str, before: str) -> None:
    names = made(f"h = [x[0], 3.0, 5.0]\n{before}\ng = h\n{step}\nreturn sum(g) + len(g) * 10 + g[-1]")
    traced = bcad.Function(names["f"])
    for way, start in ((-1.0, 2.0), (1.0, 2.0), (1.0, 2.75), (-1.0, 2.75)):
        names["WAY"] = way
        x = np.array([start, 4.0])
        expected = names["f"](x)
        np.testing.assert_allclose(traced(x), expected, rtol=1e-13)


def one_of_two_lists(x: Any, k: float) -> Any:
    h = [x[0], 3.0]
    if k > 1:
        if WAY > 0:
            h[0] = h[-1]
    else:
        h = []
    h.append(x[0])
    return sum(h)


def test_what_is_added_to_one_of_two_lists_with_numbers_of_two_kinds() -> None:
    global WAY
    traced = bcad.Function(one_of_two_lists)
    for k in (2.0, 0.0, 2.0):
        for WAY in (-1.0, 1.0):
            assert traced(np.array([k]), k) == one_of_two_lists(np.array([k]), k)


OBJECT = {
    "object.__setattr__": "h = [x[0]]\nobject.__setattr__(O, 'h', h)\nO.h.append(x[1])\nreturn sum(h) + len(O.h)",
    "by a hand-on": "h = [x[0]]\nobject.__setattr__(O, 'a', h)\nh.append(x[1])\nreturn sum(O.a)",
    "vars": "h = [x[0]]\nvars(O)['h'] = h\nO.h.append(x[1])\nreturn sum(h) + len(O.h)",
    "__dict__": "h = [x[0]]\nO.__dict__['h'] = h\nO.h.append(x[1])\nreturn sum(h) + len(O.h)",
    "a number": "O.a = x[0]\nvars(O)['a'] = x[1]\nreturn O.a",
    "deleted": "object.__setattr__(O, 'a', x[1])\nobject.__delattr__(O, 'a')\nreturn hasattr(O, 'a') + x[0]",
}


@pytest.mark.parametrize("how", OBJECT)
def test_attributes_set_behind_the_class(how: str) -> None:
    names = made(OBJECT[how])
    traced = bcad.Function(names["f"])
    for k in range(2):
        found = []
        for f in (names["f"], traced):
            names["O"] = Anything()
            names["O"].a, names["O"].h = 1.0, [5.0]
            found.append((f(np.array([1.0 + k, 2.0])), vars(names["O"])))
        assert found[0] == found[1]
