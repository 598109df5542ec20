"""How much slower the evaluator is than CPython: whole programs, single bytecodes, decoding.

    python benchmarks/interpreter.py [--quick]

Plain and interpreted runs take turns, each ratio is the median of the ratios of neighbours (thread
CPU time), so that other work on the machine does little harm.
"""
from __future__ import annotations

import argparse
import gc
import importlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import interpreter

clock = time.thread_time


class Point:
    """Attributes, methods, operators."""

    def __init__(self, x):
        self.x = x

    def get(self):
        return self.x

    def __add__(self, other):
        return Point(self.x + other.x)


def add(a, b):
    return a + b


# --- programs -----------------------------------------------------------------------------------
def arithmetic(n):
    i = total = 0
    while i < n:
        if i % 3 == 0:
            total += i
        else:
            total -= 1
        i += 1
    return total


def calls(n):
    total = 0
    for i in range(n):
        total = add(total, i)
    return total


def attributes_and_items(n):
    point, values = Point(0), [1, 2, 3]
    for i in range(n):
        point.x = point.x + values[i % 3]
    return point.x


def methods_and_operators(n):
    point, one = Point(0), Point(1)
    for _ in range(n):
        point = point + one
        point.get()
    return point.x


def builtins_and_containers(n):
    seen = {}
    for i in range(n):
        key = len(seen) if i % 5 else abs(i)
        seen[key] = seen.get(key, 0) + 1
        pair = (key, [i])
        key, (i,) = pair
    return len(seen)


def generators(n):
    def squares(k):
        for i in range(k):
            yield i * i
    return sum(x for x in squares(n))


def exceptions(n):
    caught = 0
    for i in range(n):
        try:
            if i % 4 == 0:
                raise ValueError(i)
        except ValueError:
            caught += 1
    return caught


PROGRAMS = [arithmetic, calls, attributes_and_items, methods_and_operators,
            builtins_and_containers, generators, exceptions]

# --- single bytecodes: what ten repetitions of a statement add to an empty loop -----------------
SETUP = "class P: pass\np = P(); p.x = 1\nl = [1, 2]; d = {'k': 1}\ndef f(): pass\nclass M:\n def m(self): pass\nm = M()"
STATEMENTS = {
    "a local variable": "y = x", "a global name": "l", "an addition": "x + 1", "a comparison": "x < 3",
    "a branch": "y = 1 if x else 2", "reading an attribute": "p.x", "writing an attribute": "p.x = 1",
    "reading an item": "l[0]", "writing an item": "d['k'] = x", "a call": "f()", "a method call": "m.m()",
    "a call into C": "abs(x)", "a tuple, unpacked": "y, z = x, x; (y, z)", "building a list": "[x, x]",
    "formatting": "f'{x}'",
}


def statement_program(statement: str) -> Callable[[int], None]:
    lines = "\n        ".join([statement] * 10)
    namespace: dict = {}
    exec(f"{SETUP}\ndef run(n):\n    x = 1\n    for _ in range(n):\n        {lines}", namespace)
    return namespace["run"]


# --- measuring ----------------------------------------------------------------------------------
def seconds(action: Callable, *args: object) -> float:
    start = clock()
    action(*args)
    return clock() - start


def compare(function: Callable, size: int, rounds: int, straight: bool = True) -> tuple[float, float, float]:
    """Seconds plainly, seconds interpreted, ratio: medians over interleaved rounds.

    `straight`: no loop is compiled, however often it runs.
    """
    from interpreter.decode import DECODED
    for code in DECODED.values():
        code.cool()
    interpreter.hot.HOT = sys.maxsize if straight else 200
    interpreter.call(function, 10 if straight else 1000)        # decoded once
    plain, ours = [], []
    for _ in range(rounds):
        repeats = 10                        # a plain run is too short for the clock
        plain.append(seconds(lambda: [function(size) for _ in range(repeats)]) / repeats)
        ours.append(seconds(interpreter.call, function, size))
    ratio = statistics.median(b / a for a, b in zip(plain, ours))
    return statistics.median(plain), statistics.median(ours), ratio


def bytecodes_run(function: Callable, size: int) -> int:
    """How many normalised instructions a run executes."""
    from interpreter.code import Code
    count = 0

    def counted(handler: Callable, argument: object) -> Callable:
        def step(frame: object, stack: list, _: object) -> object:
            nonlocal count
            count += 1
            return handler(frame, stack, argument)
        return step

    changed: list[tuple[Code, list]] = []
    from interpreter.decode import DECODED
    for code in list(DECODED.values()):
        if code.raw.co_filename in (__file__, "<string>"):
            changed.append((code, code.fast_steps))
            code._fast = [(counted(*step), None) for step in code.steps]
    try:
        interpreter.call(function, size)
    finally:
        for code, steps in changed:
            code._fast = steps
    return count


def lotka_volterra(_: int = 0) -> None:
    from scipy.integrate import solve_ivp

    def slope(t, z):
        x, y = z
        return [1.5 * x - x * y, x * y - 3.0 * y]
    solve_ivp(slope, (0, 15), [10, 5], method="RK45")


def library_code() -> list[CodeType]:
    """All code of some modules of the standard library, compiled anew."""
    codes: list[CodeType] = []
    for name in ("argparse", "ast", "dataclasses", "enum", "inspect", "statistics", "tarfile", "typing"):
        file = importlib.import_module(name).__file__
        work = [compile(Path(file).read_text(encoding="utf-8"), file, "exec")]
        while work:
            codes.append(work.pop())
            work += [const for const in codes[-1].co_consts if isinstance(const, CodeType)]
    return codes


def decoding(rounds: int) -> tuple[int, float, float, float]:
    """Instructions decoded; microseconds each until they can be run, as objects too, and fused.

    The garbage collector is on. Rounds begin with nothing decoded and no garbage; the least time counts.
    """
    from interpreter.decode import DECODED
    count, best, codes = 0, [float("inf")] * 3, library_code()
    for _ in range(rounds):
        for code in codes:
            DECODED.pop(id(code), None)
        gc.collect()
        times = [clock()]
        decoded = [interpreter.decode(code) for code in codes]
        times.append(clock())
        count = sum(len(code.instructions) for code in decoded)     # a traced program wants them
        times.append(clock())
        pairs = [code.fast_steps for code in decoded]               # and one that is only run, these
        times.append(clock())
        del decoded, pairs
        best = [min(b, end - start) for b, start, end in zip(best, times, times[1:])]
    run, objects, fused = (seconds / count * 1e6 for seconds in best)
    return count, run, objects, fused


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    quick = options.parse_args().quick
    size, rounds = (500, 5) if quick else (2000, 21)
    count, run, objects, fused = decoding(3 if quick else 9)
    print(f"Python {sys.version.split()[0]}: decoding {run:.2f} us an instruction ({count} of them); "
          f"frequent pairs {fused:.2f} us more, Instruction objects {objects:.2f} us more\n")
    print(f"{'program':28}{'plain':>10}{'ours':>10}{'ratio':>7}{'ns/instruction':>16}{'hot loops compiled':>20}")
    for function in PROGRAMS:
        plain, ours, ratio = compare(function, size, rounds)
        steps = bytecodes_run(function, 100)
        per_step = ours / size / (steps / 100) * 1e9
        _, _, hot = compare(function, size, rounds, straight=False)
        print(f"{function.__name__:28}{plain * 1e3:8.2f}ms{ours * 1e3:8.2f}ms{ratio:6.0f}x{per_step:16.0f}{hot:19.0f}x")
    plain, ours, ratio = compare(lotka_volterra, 0, max(rounds // 3, 3))
    _, _, hot = compare(lotka_volterra, 0, max(rounds // 3, 3), straight=False)
    print(f"{'solve_ivp, Lotka-Volterra':28}{plain * 1e3:8.2f}ms{ours * 1e3:8.2f}ms{ratio:6.1f}x{'':16}{hot:19.1f}x\n")
    print(f"{'statement':28}{'plain':>10}{'ours':>10}{'ratio':>7}")
    empty = compare(statement_program("pass"), size // 10, rounds)
    for name, statement in STATEMENTS.items():
        plain, ours, _ = compare(statement_program(statement), size // 10, rounds)
        plain, ours = plain - empty[0], ours - empty[1]
        print(f"{name:28}{plain / size * 1e9:8.0f}ns{ours / size * 1e9:8.0f}ns{ours / plain:6.0f}x")


if __name__ == "__main__":
    main()
