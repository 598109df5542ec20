"""A list that a loop, a branch or a comprehension has made, handed to everything that takes lists: value and later trip counts."""

from __future__ import annotations

import itertools
import math
from collections import deque
from functools import reduce
from typing import Any

import numpy as np
import pytest

from bcad import Function
from interpreter import LocatedError

MAKERS = {
    "arm": "V = [x[0], x[1]]\n    if x[0] < 5: V.append(x[2])",
    "loop": "V = []\n    for v in x: V.append(v * 2)",
    "comprehension": "V = [v * 0.5 for v in x]",
    "while": "V = []\n    s = x[0]\n    while s < 20:\n        s = s * 1.5 + 1\n        V.append(s)",
    "deque": "V = deque()\n    for v in x: V.append(v * 2)",
    "tolist": "V = x.tolist()",
    "mixed": "V = [1, True, 2.5]\n    if x[0] < 5: V.append(x[1])",
}
STATEMENTS = """
M=list(V)+[0.5]
M=V+type(V)([0.5])
M=type(V)([0.5])+V
M=V+V
M=[1.0];M[:]=V
M=[1.0];M[0:0]=V
M=[1.0];M+=V
M=[1.0];M.extend(V)
M=[1.0];M=M+list(V)
M=[*V]
M=[9.0,*V]
M=list(V)
M=tuple(V)
M=deque(V)
M=deque([1.0]);M.extend(V)
M=deque([1.0]);M.extendleft(V)
M=deque([1.0]);M+=V
M=deque(V,maxlen=2)
M=sorted(V)
M=list(reversed(V))
M=dict(enumerate(V))
M=dict(zip(range(9),V))
M={i:v for i,v in enumerate(V)}
M=list(map(lambda v:v*2,V))
M=list(filter(lambda v:v>0,V))
M=[max(V),min(V)]
M=[sum(V,1.0)]
M=np.array(V)
M=np.asarray(V)*2
M=np.stack(V)
M=np.concatenate([V,V])
M=np.hstack(V)
M=np.mean(V)
M=math.fsum(V)
M=math.prod(V)
M=copy.copy(V)
M=copy.deepcopy(V)
M=V.copy()
M=V[::-1]
M=V[1:]
M=V[-2:]
M=list(V)*2
M=V==list(V)
M=V!=[1.0]
M=x[0] in V
M=V.index(V[1])
M=V.count(V[0])
M=[V];M=[list(M[0])]
M={'a':V};M=[v for v in M['a']]
M=(lambda *a:list(a))(*V)
a,*b=V;M=b
*a,b=V;M=[b]
M=list(itertools.chain(V,V))
M=list(itertools.accumulate(V))
M=list(itertools.islice(V,2))
M=reduce(lambda a,b:a*.5+b,V)
M=list(zip(V,V))
M=[p for p in itertools.pairwise(V)]
M=np.interp(0.5,np.arange(len(V)),V)
M=np.dot(V,V)
M=np.polyval(V,0.5)
M=[len(V),bool(V)]
M=V or [3.0]
M=[1.0] if not V else list(V)
M=list(iter(V))
M=[next(iter(V))]
M=any(v>3 for v in V)
M=str(len(V))
M=f'{len(V)}'
M=np.array([V,V])
M=np.vstack([V,V])
M=np.column_stack([V,V])
M=list(dict.fromkeys(range(len(V))))
M=dict(a=V)['a'][0]
M=[*map(abs,V)]
V.reverse();M=list(V)
V.insert(1,3.0);M=list(V)
V.pop();M=list(V)
V[-1]*=2;M=list(V)
V.clear();M=list(V)
V+=V;M=list(V)
V.extend(V);M=list(V)
V[1:2]=[4.0,5.0];M=list(V)
del V[1:];M=list(V)
V[::2]=[0.0]*len(V[::2]);M=list(V)
V.sort();M=list(V)
V.sort(key=lambda v:-v);M=list(V)
V[0],V[1]=V[1],V[0];M=list(V)
M=np.where(np.array(V)>1,V,0)
M=np.cumsum(V)
M=[i for i,v in enumerate(V) if v>2]
M=list(zip(*[V,V]))
M=np.fromiter(V,float)
M=operator.itemgetter(0)(V)
M=list(range(10))[:len(V)]
M=all(isinstance(v,float) for v in V)
M=[V,x];M=M[0][0]
M=V.__len__()
M=list.__getitem__(V,0)
M=sum(x for x in V)
M=[].extend(V)
def g(a,b,*c):return a+b;M=g(*V)
""".strip().splitlines()
NAMES: dict[str, Any] = {
    "np": np, "math": math, "deque": deque, "itertools": itertools, "reduce": reduce, "copy": __import__("copy"), "operator": __import__("operator"),
    "collections": __import__("collections"),
}  # fmt: skip
EXAMPLES = (np.array([1.0, 2, 4]), np.array([8.0, 3, 7, 1, 2]))


def same(a: Any, b: Any) -> bool:
    if isinstance(a, BaseException) or isinstance(b, BaseException) or isinstance(a, (str, bool)):
        return type(a) is type(b) and (isinstance(a, BaseException) or a == b)
    if isinstance(a, (list, tuple, deque)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and np.shape(a) == np.shape(b) and (a is None or np.allclose(a, b, rtol=1e-12))


def as_floats(x: Any) -> Any:
    """Kinds of numbers aside, which lists of several kinds do not keep (docs/control_flow.md)."""
    if isinstance(x, (list, tuple)):
        return [as_floats(item) for item in x]
    return float(x) if isinstance(x, (bool, int, float, np.number, np.bool_)) else x


def outcome(f: Any, x: np.ndarray) -> Any:
    try:
        return f(x.copy())
    except LocatedError:
        return LocatedError
    except Exception as error:
        return error


@pytest.mark.parametrize("maker", MAKERS)
def test_lists_that_are_not_written_out_are_handed_on_whole(maker):
    for statement in STATEMENTS:
        body = statement.replace(";", "\n    ")
        plain: dict[str, Any] = dict(NAMES)
        exec(f"def f(x):\n    {MAKERS[maker]}\n    {body}\n    return M, V\n", plain)
        traced = Function(plain["f"], backend="numpy")
        for x in EXAMPLES:
            found = outcome(traced, x)
            if found is LocatedError:
                break  # refused
            expected = outcome(plain["f"], x)
            if maker == "mixed":
                found, expected = as_floats(found), as_floats(expected)
            assert same(expected, found), (statement, x)
