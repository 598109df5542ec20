"""Random programs: interpreted, compiled at different moments, and run by CPython, they must agree.

    python tests/interpreter/random_programs.py FIRST LAST      # seeds; prints those that differ
"""
from __future__ import annotations

import linecache
import random
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

PREFACE = '''
import sys
LOG = []

class Thing:
    LIMIT = 2
    def __init__(self, x, y=0):
        self.x = x
        self.y = y
    def get(self): return self.x
    def put(self, v):
        self.x = v
        return self
    def __add__(self, o): return Thing(self.x + (o.x if type(o) is Thing else o), self.y)
    def __lt__(self, o): return self.x < o.x
    def __bool__(self): return bool(self.x)
    def __eq__(self, o): return type(o) is Thing and self.x == o.x
    __hash__ = None
    def __getitem__(self, k): return self.x if k else self.y
    @property
    def twice(self): return self.x * 2
    def __repr__(self): return f"Thing({self.x!r}, {self.y!r})"

class Slotted(Thing):
    __slots__ = ("z",)
    def get(self): return super().get()
    def __iadd__(self, o):
        self.x += 1
        return self
    def __iter__(self):
        for i in range(3): yield i
'''
_ADDRESS = re.compile("at 0x[0-9a-f]+")
ATOMS = ["0", "1", "2", "-1", "3", "1.5", "True", "None", "''", "'ab'", "[]", "[1, 2]", "(1, 2)", "{}", "Thing(1)",
         "Slotted(2)", "{1: 2}"]


class Program:
    """One program, from a seed.

    Attributes
    ----------
    functions : list of (str, int)
        What is defined so far, with the number of arguments.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.functions: list[tuple[str, int]] = []

    def source(self) -> str:
        pick = self.random
        parts = [PREFACE]
        for number in range(pick.randrange(2, 5)):
            names = list("abc"[:pick.randrange(1, 4)])
            head = f"def f{number}({', '.join(names)}):"
            if pick.random() < .5:
                parts.append(f"{head}\n    return {self.expression(names, pick.choice((1, 2, 2, 3)))}")
            else:
                body = self.block(names + ["t"] * (pick.random() < .5), 1, 1, False)
                parts.append("\n".join([head, *body, f"    return {self.atom(names)}"]))
            self.functions.append((f"f{number}", len(names)))
        if pick.random() < .7:
            parts.append("\n".join(["def made(a):", "    b = c = 0", *self.block(list("abc"), 1, 2, True),
                                    "    for c in range(a if type(a) is int and a < 9 else 3):", "        b = yield c",
                                    "        LOG.append(b)", f"    return {self.atom(['a', 'b'])}"]))
            self.functions.append(("made", 1))
        parts.append("\n".join(["def main(a, b):", "    c = 0", "    d = Thing(3)", "    for i in range(8):",
                                *self.block([*"abcdi"], 2, 3, False, True), *self._drives(), "    return a, b, c, d"]))
        return "\n".join(parts) + "\n"

    def _drives(self) -> list[str]:
        if self.functions[-1][0] != "made":
            return []
        return ["        try:", "            for x in made(i): LOG.append(x)",
                "            it = made(5); next(it); LOG.append(it.send(i)); LOG.append(it.send(None))",
                "            if i % 3 == 0: it.close()", "            elif i % 3 == 1: it.throw(KeyError(i))",
                "        except Exception as error: LOG.append((type(error).__name__, str(error)))"]

    def atom(self, names: list[str]) -> str:
        return self.random.choice(names + ATOMS[:self.random.choice((6, 8, 17))])

    def expression(self, names: list[str], depth: int = 2) -> str:
        pick = self.random
        if depth == 0 or pick.random() < .25:
            return self.atom(names)

        def inner() -> str:
            return self.expression(names, depth - 1)
        some = pick.choice(names)
        kinds: list[Callable[[], str]] = [
            *[lambda: f"({inner()} {pick.choice(('+', '-', '&', '//', '%'))} {inner()})"] * 5,
            *[lambda: f"({inner()} {pick.choice(('<', '<=', '==', '!=', '>', 'is', 'is not', 'in', 'not in'))} {inner()})"] * 2,
            *[lambda: self._call(inner)] * 3,
            lambda: f"({inner()} if {inner()} else {inner()})", lambda: f"({inner()} {pick.choice(('and', 'or'))} {inner()})",
            lambda: f"(not {inner()})", lambda: f"(-{inner()})", lambda: f"{inner()}[{inner()}]", lambda: f"[{inner()}, {inner()}]",
            lambda: f"{some}.{pick.choice(('x', 'y', 'twice', 'LIMIT', 'get()', 'put(1)', 'z', 'put(2).x'))}",
            lambda: f"{pick.choice(('len', 'abs', 'str', 'int', 'bool', 'list', 'sum', 'max', 'repr', 'type', 'sorted'))}({inner()})",
            lambda: f"({inner()}, {inner()})", lambda: f"Thing({inner()})", lambda: f"f'{{{some}}}'",
            lambda: f"[{self.expression([*names, 'q'], depth - 1)} for q in range({pick.choice('0123')})]",
            lambda: f"{some}.{pick.choice(('append', 'get', 'pop', 'index', 'count', 'keys'))}({inner()})",
            lambda: f"(lambda u, v={self.atom(names)}: {self.expression(['u', 'v', *names], depth - 1)})({inner()})"]
        return pick.choice(kinds)()

    def _call(self, inner: Callable[[], str]) -> str:
        if not self.functions:
            return inner()
        name, count = self.random.choice(self.functions)
        args = [inner() for _ in range(count if self.random.random() < .95 else count + 1)]
        if self.random.random() < .1:
            args[-1] = f"*[{args[-1]}]"
        return f"{name}({', '.join(args)})"

    def block(self, names: list[str], indent: int, depth: int, yields: bool, loop: bool = False) -> list[str]:
        return [line for _ in range(self.random.randrange(1, 4)) for line in self.statement(names, indent, depth, yields, loop)]

    def statement(self, names: list[str], indent: int, depth: int, yields: bool, loop: bool) -> list[str]:
        pick, space = self.random, "    " * indent
        kind = pick.randrange(22 if depth else 10)
        some = pick.choice(names)

        def short() -> str:
            return self.expression(names, 1)

        def nested(loop: bool = loop, depth: int = depth - 1) -> list[str]:
            return self.block(names, indent + 1, depth, yields, loop)
        if kind < 10:
            return [space + self._simple(kind, names, yields, loop)]
        if kind < 13:
            over = pick.choice(("range(4)", "range(7)", f"range({pick.randrange(3)})", short(), "range(5)"))
            return [f"{space}for {some} in {over}:", *nested(True), *([f"{space}else:", *nested()] if pick.random() < .2 else [])]
        if kind < 15:
            count = f"w{indent}"
            return [f"{space}{count} = 0", f"{space}while {count} < {pick.randrange(2, 7)}:", f"{space}    {count} += 1", *nested(True)]
        if kind < 18:
            return [f"{space}if {short()}:", *nested(), *([f"{space}else:", *nested()] if pick.random() < .5 else [])]
        if kind < 21:
            caught = pick.choice(("Exception", "TypeError", "(ValueError, KeyError)", "UnboundLocalError"))
            return [f"{space}try:", *nested(), f"{space}except {caught} as error:",
                    f"{space}    LOG.append((type(error).__name__, str(error), error.__traceback__.tb_lineno, "
                    "type(error.__context__).__name__))", *nested(),
                    *([f"{space}finally:", *nested(False, 0)] if pick.random() < .4 else [])]
        looks = ("sys.exc_info()[0]", "sys._getframe().f_lineno", "sorted(k for k in locals() if len(k) == 1)")
        return [f"{space}LOG.append({pick.choice(looks)})"]

    def _simple(self, kind: int, names: list[str], yields: bool, loop: bool) -> str:
        pick, some = self.random, self.random.choice(names)
        short, chance = self.expression(names, 1), self.random.random()
        if kind < 4:
            return f"{some} = {self.expression(names)}"
        if kind == 4:
            return f"{some} {pick.choice(('+=', '-=', '//='))} {self.expression(names)}"
        if kind == 5:
            return f"LOG.append({short})"
        if kind == 6:
            return f"{some}, {pick.choice(names)} = {short}" + (f", {self.atom(names)}" if chance < .7 else "")
        if kind == 7:
            return f"{some}.{pick.choice('xyxzw')} = {short}" if chance < .5 else f"{some}[{self.atom(names)}] = {short}"
        if kind == 8:
            return f"{some} = yield {short}" if yields and chance < .6 else f"yield {short}" if yields else short
        if loop and chance < .35:
            return f"if {short}: {pick.choice(('break', 'continue'))}"
        if chance < .5:
            return f"if {short}: return {self.atom(names)}"
        if chance < .6:
            return f"if {short}: raise {pick.choice(('ValueError', 'KeyError', 'TypeError'))}({self.atom(names)})"
        return f"del {some}" if chance < .7 else "pass"


# --- comparing -----------------------------------------------------------------------------------
def outcomes(source: str, name: str, run: Callable, rounds: int = 4) -> list:
    """What `rounds` calls of the program's ``main`` give, with the places of errors and what was logged."""
    namespace: dict[str, Any] = {"__name__": "random_program"}
    exec(compile(source, name, "exec"), namespace)
    seen: list = []
    for number in range(rounds):
        namespace["LOG"].clear()
        try:
            result: Any = _ADDRESS.sub("at", repr(run(namespace["main"], number, [1, number])))
        except Exception as error:
            places = [(entry.name, entry.lineno, entry.colno) for entry in traceback.extract_tb(error.__traceback__)
                      if entry.filename == name]
            result = type(error).__name__, _ADDRESS.sub("at", str(error)), places, type(error.__context__).__name__
        seen.append((result, _ADDRESS.sub("at", repr(namespace["LOG"]))))
    return seen


def difference(seed: int) -> str | None:
    """How the evaluator differs from CPython on the program of this seed."""
    import interpreter
    from interpreter import hot
    source, name = Program(seed).source(), f"<random program {seed}>"
    pick, before = random.Random(seed), (hot.HOT, hot.FRUITLESS)
    hot.HOT, hot.FRUITLESS = pick.choice((0, 1, 2, 5)), pick.choice((1, 3, 100))
    linecache.cache[name] = len(source), None, source.splitlines(True), name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = outcomes(source, name, lambda fn, *args: fn(*args))
            found = outcomes(source, name, interpreter.call)
    except SyntaxError:                     # what the compiler refuses says nothing about us
        return None
    finally:
        hot.HOT, hot.FRUITLESS = before
        del linecache.cache[name]
    pairs = [(a, b) for a, b in zip(expected, found) if a != b]
    return f"seed {seed}: {pairs[0][0]}\n  interpreted: {pairs[0][1]}" if pairs else None


def main(first: int, last: int) -> None:
    class Late(BaseException):
        pass

    def late(*_: object) -> None:
        raise Late
    signal.signal(signal.SIGALRM, late)
    for seed in range(first, last):
        signal.alarm(30)
        try:
            found = difference(seed)
        except (Late, MemoryError):
            found = f"seed {seed}: took too long"
        finally:
            signal.alarm(0)
        if found:
            print(found)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
