"""Texts of traced numbers in every way of making them, shown and kept in every way, in loops and branches: CPython is the judge."""

import collections
import contextlib
import csv
import dataclasses
import io
import itertools
import json
import linecache
import logging
import pprint

import numpy as np
import pytest

from bcad import Function, Unsupported, options


class Pair:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __repr__(self):
        return f"P({self.x:.3f}, {self.y!r})"


class Shown(Pair):
    def __str__(self):
        return "S<%.2f>" % self.x  # noqa: UP031


class Formatted(Pair):
    def __format__(self, spec):
        return format(self.x, spec or ".1f") + "F"


@dataclasses.dataclass
class Record:
    x: float
    y: object = None


class Named(collections.namedtuple("Named", "x y")):
    def __str__(self):
        return f"N={self.x:.2f}"


class Failed(Exception):
    def __init__(self, x):
        self.x = x

    def __str__(self):
        return f"at {self.x:.3f}"


TEXTS = """
f"{a} {b!r} {a:.3f} {b:>12.4e} {a=:.2f} {a:{n+5}.2f}"; f"{v} {n:04d} {k} {m:3d} {t!r:>8}"; "%s %r %5d" % (a, b, n); "%(p)s-%(q).2f" % {"p": a, "q": b}
"%*.*f" % (9, 2, a); ("%.2f %%.1f" % a) % b; "{0:.2f} {1!r:>9} {0}".format(a, m); "{{}} {}".format(a).format(v); "{d[k]:.2f}".format(d={"k": a})
"{p} {q}".format_map({"p": a, "q": t}); format(m, "04d") + format(a, ".1f"); str([a, (b,), {"k": v}]); repr(x.shape) + str(x.dtype); str(a > 1) + repr(m)
str(a if a > 1 else "low"); str(a if a > 1 else 1); ", ".join(f"{i:.2f}" for i in v); "|".join({"a": 1, "b": a})
str(Pair(a, b)); "%s %r" % (Shown(a, b), Shown(a, b)); f"{Formatted(a, b):.2f} {Formatted(a, b)}"; str([Shown(a, v)]); repr(Record(a, Record(b)))
f"{Named(a, b)} {Named(a, b)!r}"; str(dataclasses.asdict(Record(a, b))); repr(Failed(a)) + str(Failed(b)); str(ValueError("bad", a)); repr(KeyError(m))
str(range(m)) + repr(range(n)); str({k: a for k in "pq"}); json.dumps({"b": b, "v": v.tolist()}); pprint.pformat([a, {"k": v}]); np.array2string(v, precision=2)
np.format_float_positional(a, precision=3); hex(m) + bin(n) + chr(65 + m); b.__repr__() + a.__format__(".2f") + float.__repr__(b); f"{a:.2f}".replace("1", f"{b:.0f}")
str(a).rjust(m + 12) + str(a).ljust(n + 9, str(k)[0]); f"{a:.2f}"[:n] + f"{a:.2f}"[-2:]; f"{a:.2f}" * 2 + "x" + str(n); f"{f'{a:.1f}':>8}".strip()
("p" if a > 1.5 else "q").upper() + f"{a:.1f}"; f"{KEPT} {a:.1f}"; str(len(KEPT)) + str(a)
"""
REFUSED = """
str(len(f"{a:.2f}")); f"{a:.2f}"[0]; str(f"{a:.1f}" == "1.0"); {f"{a:.1f}": "q"}.get("1.0", "no"); f"{a}" or "no"; ",".join({f"{a:.0f}": 1}); f"{a:.2f}".split(".")[0]
f"{a:.1f}".join(["p", "q"]); str(float(f"{a:.1f}")); row(a, n); str(enumerate(v)); max(f"{a:.1f}", "1"); f"{a}".encode().decode(); list.__repr__([a]); ",".join(sorted(map(str, x))); "q" + a
"""
RAISES = """
f"{a:d}"; "{:d}".format(b); f"{v:.2f}"; "%d" % v; "%s %s" % a; "%q" % a; "%d" % str(a); f"{[a]:.2f}"; "{} {}".format(a); "{x}".format(y=a); "%(z)s" % {"p": a}; f"{b:zz}"
"{0.foo}".format(a); "%s" % (a, b); f"{a:s}"; ",".join([a]); a + "q"; format(a, 3); json.dumps(v); np.format_float_positional("q")
"""
SINKS = {
    "print": "print({text}, a, sep='|')", "append": "KEPT.append({text})", "attribute": "OWNER.text = {text}", "log": "logger.warning('%s %.2f', {text}, a)",
    "result": "made.append({text})", "joined": "text += {text}", "object": "OWNER.made = Record(a, {text})", "item": "OWNER.items['k'] = {text}",
    "raised": "try:\n    raise ValueError({text})\nexcept ValueError as error:\n    print(error, error.args)",
    "caught": "try:\n    text = {text}\nexcept Exception as error:\n    text = 'failed'\nprint(text)",
}  # fmt: skip
PLACES = {
    "straight": "{sink}",
    "loop": "for k in range(len(x) + 2):\n    a = a * 1.5\n    b = b + 1.0\n    {sink}",
    "items": "for k, a in enumerate(x):\n    b = b + float(a)\n    {sink}",
    "branch": "if x[0] > 1.2:\n    a = a * 2\n    {sink}\nelse:\n    b = b + 3.0",
    "both": "if x[0] > 1.2:\n    a = a * 2\n    {sink}\nelse:\n    b = b + 3.0\n{sink}",
    "nested": "for k in range(len(x) + 1):\n    a = a + x[1]\n    if a > 2.5:\n        b = b * 2\n        {sink}\n    b += 0.5",
    "while": "while a < 6.0:\n    a = a * 1.7\n    k = k + 1\n    {sink}",
}
HEAD = """def f(x):
    a, b, v, n, k, m, t = x[0] * 1.25, float(x[1]) + 0.5, x[1:] * 2, len(x), 0, np.argmax(x), x[0] > 1.2
    text, made = "", []
"""
NUMBERS = itertools.count()
CALLS = [[1.0, 2.0, 0.5], [2.0, -1.5, 1.0, 4.0], [1.5, 0.25, 3.0]]


def texts(table):
    return [text.strip() for line in table.strip().splitlines() for text in line.split("; ")]


def row(*items):
    out = io.StringIO()
    csv.writer(out).writerow(items)
    return out.getvalue()


def source(text, sink, place):
    """The program that makes `text` at a place and shows it."""
    lines = []
    for line in PLACES[place].splitlines():
        indent = line[:len(line) - len(line.lstrip())]
        lines += [indent + s for s in SINKS[sink].format(text=text).splitlines()] if "{sink}" in line else [line]
    return HEAD + "".join(f"    {line}\n" for line in [*lines, "return a * b, text, made"])


def outcomes(program, compiled):
    """Of a few calls: result, what was shown and what is left outside."""
    name = f"<text {next(NUMBERS)}>"
    linecache.cache[name] = (len(program), None, program.splitlines(True), name)
    logger = logging.getLogger("tests.made_texts")
    space = {**globals(), "json": json, "pprint": pprint, "KEPT": [], "OWNER": type("Owner", (), {"items": {}})(), "logger": logger}
    exec(compile(program, name, "exec"), space)
    f, lines, found = space["f"], io.StringIO(), []
    handler = logging.StreamHandler(lines)
    logger.addHandler(handler)
    try:
        with contextlib.redirect_stdout(lines), options.set(backend="numpy"):
            f = Function(f) if compiled else f
            for call in CALLS:
                result = f(np.array(call))
                found.append((repr(result), repr(space["KEPT"]), repr(vars(space["OWNER"])), lines.getvalue()))
    finally:
        logger.removeHandler(handler)
    return found


MIXED = list(zip(texts(TEXTS), itertools.cycle(SINKS), itertools.cycle(PLACES), strict=False))


@pytest.mark.parametrize("text, sink, place", MIXED)
def test_a_text_is_that_of_the_call(text, sink, place):
    program = source(text, sink, place)
    assert outcomes(program, True) == outcomes(program, False)


@pytest.mark.parametrize("text", texts(REFUSED))
def test_text_that_steers_or_that_c_code_takes_is_refused(text):
    with pytest.raises(Unsupported):
        outcomes(source(text, "print", "straight"), True)


@pytest.mark.parametrize("text", texts(RAISES))
def test_what_making_a_text_raises_may_be_caught(text):
    program = source(text, "caught", "while" if len(text) % 2 else "straight")
    assert outcomes(program, True) == outcomes(program, False)


def test_a_sorted_generator_of_texts_is_not_used_up_and_empty():
    with pytest.raises(Unsupported, match="is lost"):
        Function(lambda x: sorted(map(str, x)))(np.ones(2))
    for given in (np.array([3.0, 1.0, 2.0]), np.array([1.0])):
        assert Function(lambda x: sorted(x[0] * k for k in range(len(x))))(given) == sorted(given[0] * k for k in range(len(given)))
