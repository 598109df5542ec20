"""Programs that raise in one of many ways, in one of many places, for some arguments and not for others."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Iterator
from typing import Any, NamedTuple

RAISERS = """
total = total + x[k + 1]
x[k] = 2.0
total += L[k]
L[k] = 1.0
del L[k]
total += L.pop(k)
L.remove(float(k))
total += L.index(float(k))
total += D[k]
del D[k]
total += D.pop(k)
total += 1 // k
total += 3 % k
total += 1 / k
total += divmod(5, k)[1]
total += total / (k - 1)
total += 0.0 ** (k - 2)
total += k ** (k - 2) // 1
total += (1 << k - 1)
total += math.sqrt(x[0])
total += math.log(v)
total += math.sqrt(k - 1)
total += math.acos(v)
total += math.exp(1000.0 * v)
total += math.factorial(k - 2)
total += int(x[0] / (x[1] - x[1]))
total += float(x[:k])
total += x[:k].item()
total += bool(x[:k]) * 1.0
total += x[:k].max()
total += np.argmin(x[:k])
total += max(L[k:])
total += min(x[k:])
total += (x + np.ones(k)).sum()
total += (x[:2] * np.ones(k + 1)).sum()
total += (x @ np.ones(k + 1)).sum()
total += x.reshape(k, -1).sum()
total += np.stack([x, np.ones(k)]).sum()
total += np.concatenate([x, np.ones((k, k))]).sum()
total += x.reshape(2, 2)[k, 1]
total += x[np.array([0, k])].sum()
total += np.take(x, [0, k]).sum()
x[[0, k]] = 1.0
x[:k] = np.ones(2)
total += x.sum(axis=k - 1)
total += x.swapaxes(0, k - 1).sum()
total += np.linalg.inv(np.outer(x, x) * (k - 1) + np.eye(len(x)) * (v > 0)).sum()
total += np.linalg.cholesky(np.eye(2) * v).sum()
total += np.linalg.solve(np.zeros((2, 2)) + v * (v > 0) * np.eye(2), np.ones(2)).sum()
total += np.zeros(k - 1).sum() + 1.0
total += len(range(0, 4, k))
total += np.arange(0, 4, k).sum()
a, b = L[k:]; total += a * b
a, b = x[k:]; total += a * b
a, *b = L[k + 1:]; total += a
(a, b), c = L[k:], 1.0; total += a
total += next(iter(L[k:]))
total += next(e for e in L if e > v)
total += dict([(k, 1.0), (1, v)])[2]
total += KEEP.w if k else KEEP.missing
total += getattr(KEEP, 'w' if v > 0 else 'missing')
total += (None if v > 0 else 1.0) + 1.0
total += (L if v > 0 else x)['a' if k else 0]
assert v > 0, f"{k} is wrong"
assert k, (k, 'wrong')
if v > 0: raise ValueError
if v > 0: raise ValueError('wrong', k)
if v > 0: raise Stop(k)
if v > 0: raise Stop(k) from KeyError('a')
if v > 0: raise Stop(len(L)) from None
raise Stop(k)
total += {0: 1.0, 1: 2.0}[k]
total += (1.0, 2.0)[k]
total += 'abc'.index('abcd'[k]) * 1.0
total += int('12x'[k]) * 1.0
total += float('1' if v > 0 else 'one')
total += sorted(L + ['a'] * k)[0]
total += sum(L + [None] * k)
if k: unset = 1.0\ntotal += unset
for unset in L[k:]: pass\ntotal += unset
unset = 1.0\nif v > 0: del unset\ntotal += unset
total += heapq.heappop(L[k:])
total += deque(L[k:]).popleft()
total += statistics.mean(L[k:])
total += functools.reduce(lambda p, q: p * q, L[k:])
total += random.choice(L[k:]) * 0
total += bisect.bisect(L, k, -k)
total += list(zip(L, x[:k], strict=True))[0][0]
total += [e for e in L if 1 // k][0]
total += helper(v, k)
total += helper(v, k) if k else helper(x, k)
total += deep(3, k)
total += np.float64(v).reshape(k).sum()
total += np.array([1.0, v] if v > 0 else [[1.0], [v, 2.0]]).sum()
total += x.astype(int)[k + 1] // k
total += x[int(v)]
total += x[v]
total += x[k, k]
total += operator.index(v if k else 1)
total += int.from_bytes(b'a', 'big' if k else 'odd')
total += round(v, 1 if k else 'a')
total += np.interp(v, x[:k], x[:1])
""".strip().split("\n")

CONTEXTS = {
    "straight": "{r}",
    "after effects": "OUT.append(v)\nG[0] = v\nKEEP.n += 1\nprint('before', k)\n{r}\nOUT.append(k)\nprint('after')",
    "branch": "if v > 0.5:\n    OUT.append(v)\n    {r}\nelse:\n    OUT.append(k)\nOUT.append('end')",
    "loop": "for i in range(len(x)):\n    OUT.append(i)\n    v = x[i]\n    {r}\n    total += v\nOUT.append('end')",
    "late": "for i, v in enumerate(x):\n    G[1] += v\n    if i == 2:\n        {r}\n    OUT.append(total)",
    "while": "i = 0\nwhile i < k + 1:\n    v = x[i]\n    KEEP.n = i\n    {r}\n    i += 1\nOUT.append(i)",
    "caught": "try:\n    OUT.append(1)\n    {r}\n    OUT.append(2)\nexcept (ArithmeticError, LookupError, ValueError) as error:\n"
              "    OUT.append(type(error).__name__)\n    total += 10.0\nelse:\n    total *= 2\nOUT.append(3)",
    "caught in a loop": "for i in range(len(x)):\n    v = x[i]\n    try:\n        {r}\n    except (ArithmeticError, LookupError, ValueError):\n"
                        "        total += v\n    except Exception:\n        KEEP.n += 1\n        break",
    "finally": "try:\n    {r}\n    OUT.append(1)\nfinally:\n    G[0] += v\n    OUT.append(2)",
    "raised anew": "try:\n    {r}\nexcept Exception as error:\n    OUT.append(1)\n    raise RuntimeError('again') from error",
    "raised on": "try:\n    OUT.append(1)\n    {r}\nexcept Exception:\n    OUT.append(2)\n    raise",
    "with": "with suppress(ArithmeticError, LookupError):\n    OUT.append(1)\n    {r}\n    OUT.append(2)\nOUT.append(3)",
    "other handler": "try:\n    {r}\nexcept OSError:\n    total += 1.0\nOUT.append(total)",
    "unused": "kept = total\n{r}\ntotal = kept",
    "inner function": "def g(x, v, total):\n    L = [1.0, v]\n    OUT.append(v)\n    {r}\n    return total\ntotal = g(x.copy(), v, total) + 1.0",
}

PRELUDE = """\
import bisect, functools, heapq, math, operator, random, statistics
from collections import deque
from contextlib import suppress
import numpy as np

class Stop(Exception):
    def __init__(self, n):
        super().__init__(n, "stopped")
        self.n = n

class Keeper:
    pass

def helper(v, k):
    if k == 0:
        raise KeyError(k)
    if v > 0.6:
        raise Stop(k)
    return v * k

def deep(n, k):
    return deep(n - 1, k) * 2.0 if n else [1.0, 2.0][k]

def reset():
    global OUT, G, KEEP
    OUT, G, KEEP = [], np.zeros(2), Keeper()
    KEEP.n, KEEP.w = 0, 2.5

def f(x, k):
    x = x.copy()
    v, total = x[0], x.sum()
    L, D = [0.5, v, 2.0], {0: v, 1: 3.0}
"""

ARGUMENTS: tuple[tuple[tuple[float, ...], int], ...] = (
    ((0.3, -1.0, 0.8, 0.1), 1), ((0.9, 0.4, -0.6, 2.0), 1), ((-0.7, 0.2, 0.5, 0.6), 0), ((0.3, 1.5, 0.8, -0.4), 2),
    ((0.7, 0.2, 0.5, 0.6), 3), ((-0.2, 0.2, 1.4, 0.6), 0), ((0.3, 1.5, 0.8, -0.4), 1),
)


class Program(NamedTuple):
    """What raises, and where."""

    raiser: str
    context: str

    def __str__(self) -> str:
        return f"{self.raiser!r} ({self.context})"

    @property
    def source(self) -> str:
        """A module with `f` and `reset`."""
        lines = []
        for line in CONTEXTS[self.context].split("\n"):
            before, here, _ = line.partition("{r}")
            lines += [before + part for part in self.raiser.replace("\\n", "\n").split("\n")] if here else [line]
        return PRELUDE + "".join(f"    {line}\n" for line in [*lines, "return total"])

    def module(self, name: str) -> dict[str, Any]:
        """What its source defines."""
        linecache.cache[name] = (len(self.source), None, self.source.splitlines(True), name)
        names: dict[str, Any] = {"__name__": name}
        exec(compile(self.source, name, "exec"), names)
        return names


def programs() -> Iterator[Program]:
    """All of them."""
    for raiser, context in itertools.product(RAISERS, CONTEXTS):
        yield Program(raiser, context)
