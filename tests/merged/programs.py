"""Programs that merge numbers of two kinds, in one of several ways, and then ask a question that depends on the kind."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

KINDS = {
    "bool": "True",
    "int": "7",
    "zero": "0",
    "float": "2.5",
    "negative zero": "-0.0",
    "complex": "(1+2j)",
    "traced bool": "bool(x[0] > 1)",
    "traced int": "int(x[0])",
    "traced float": "float(x[0])",
    "traced complex": "complex(x[0])",
    "size": "len(x)",
    "float64": "x[0]",
    "int64": "x.argmax()",
    "complex128": "x[0] * 1j",
    "bool_": "x[0] > 1",
    "float32": "np.float32(x[0])",
    "known float64": "np.float64(3.0)",
    "known int64": "np.int64(3)",
}

MERGES = {
    "if": "h = {a}\nif x[1] > 0:\n    h = {b}",
    "else": "if x[1] > 0:\n    h = {b}\nelse:\n    h = {a}",
    "ternary": "h = {b} if x[1] > 0 else {a}",
    "in a loop": "h = {a}\nfor v in x[1:]:\n    if v > 0:\n        h = {b}",
    "by a loop": "h = {a}\nfor v in x[2:]:\n    h = {b}",
    "while": "h = {a}\nk = 0\nwhile k < len(x) and x[k] > 0:\n    h = {b}\n    k += 1",
    "helper": "def pick():\n    if x[1] > 0:\n        return {b}\n    return {a}\nh = pick()",
    "item": "d = [{a}]\nif x[1] > 0:\n    d[0] = {b}\nh = d[0]",
    "key": "d = {{'h': {a}}}\nif x[1] > 0:\n    d['h'] = {b}\nh = d['h']",
    "attribute": "o = P()\no.h = {a}\nif x[1] > 0:\n    o.h = {b}\nh = o.h",
    "tuple": "t = (1.0, {a})\nif x[1] > 0:\n    t = (1.0, {b})\nh = t[1]",
    "twice": "h = {a}\nif x[1] > 0:\n    h = {b}\nif x[0] > 2:\n    h = {a}",
    "asked in a loop": "h = {a}\nfor v in x[1:]:\n    print({question})\n    h = {b}",
}

QUESTIONS = """
h
(h,)
[h, h + 1]
print(h)
print([h], {'a': h}, (h, 1))
repr(h)
str(h)
f'{h}'
f'{h!r:>8}'
'%s %r' % (h, h)
'{0}'.format(h)
type(h)
type(h).__name__
type(h) is int
h.__class__
isinstance(h, int)
isinstance(h, float)
isinstance(h, (bool, complex))
isinstance(h, np.generic)
isinstance(h, numbers.Integral)
hasattr(h, 'dtype')
hasattr(h, 'is_integer')
h.is_integer()
h.bit_length()
h.real
h.conjugate()
np.asarray(h).dtype
np.array([h, 1])
np.array([h]).dtype
np.full(2, h)
np.zeros(2) + h
np.arange(2) + h
np.arange(2, dtype=np.float32) * h
np.ones(2, np.int32) * h
np.sqrt(h)
np.add(h, 1)
np.maximum(h, 1)
np.sum([h, h])
np.isscalar(h)
np.result_type(h, np.float32)
np.where(x > 0, h, 1)
h + 1
h - 1
h * 2
h * -1
h * -1.0
1.0 / np.float64(h * -1)
-h
1 / np.float64(-h)
h // 2
h % 2
-7 // h
h / 2
h / 0
h // 0
1 / h
0.0 / h
x[0] / h
h ** 2
h ** -1
2 ** h
divmod(h, 2)
abs(h)
+h
round(h)
round(h, 1)
int(h)
float(h)
complex(h)
bool(h)
not h
h < 3
h == 7
h == True
h is True
h & 1
h << 1
~h
x[h]
[10, 20, 30, 40, 50, 60, 70, 80][h]
'abcdefgh'[h]
list(range(h))
[0] * h
np.zeros(h)
x.reshape(h, -1)
x.sum(axis=h - h)
{h: 1}
{7: 'a', 2.5: 'b'}.get(h)
hash(h)
math.sqrt(h)
math.floor(h)
math.factorial(h)
math.copysign(1, h)
json.dumps(h)
json.dumps({'a': [h]})
pickle.loads(pickle.dumps(h))
copy.copy(h)
sum([h, h])
max(h, 1)
min(h, 2.0)
sorted([h, 1])
max([h, h])
pow(h, 2)
operator.index(h)
operator.add(h, 1)
h + 2**53
h * 2**62
h + 1 + 1.0
h * x[0]
h + np.float32(1)
(h + 1) // 2
'yes' if h else 'no'
(lambda y: y * 2)(h)
functools.reduce(operator.add, [h, 1])
h.dtype
h.item()
h.shape
""".strip().split("\n")

_HEAD = """\
import copy, functools, json, math, numbers, operator, pickle
import numpy as np


class P:
    pass


def f(x):
"""

POINTS = (
    (2.0, 1.0, -1.0), (2.0, -1.0, -1.0), (0.0, 1.0, 0.5), (3.0, 1.0), (3.0, -1.0), (0.5, -2.0, 1.0, 2.0), (-1.0, 2.0), (1.0, 1.0),
)


class Program(NamedTuple):
    """Two kinds, how they are merged, and what is asked then."""

    a: str
    b: str
    merge: str
    question: str

    def function(self) -> Callable[[Any], Any]:
        """``f(x)``."""
        body = MERGES[self.merge].format(a=KINDS[self.a], b=KINDS[self.b], question=self.question)
        text = _HEAD + "".join(f"    {line}\n" for line in (*body.split("\n"), f"return {self.question}"))
        name = f"<merged {self}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        names: dict[str, Any] = {"__name__": __name__}
        exec(compile(text, name, "exec"), names)
        return names["f"]  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return f"{self.a}, {self.b}, {self.merge}: {self.question}"


def programs() -> Iterator[Program]:
    """All of them."""
    for a, b, merge, question in itertools.product(KINDS, KINDS, MERGES, QUESTIONS):
        if a != b:
            yield Program(a, b, merge, question)
