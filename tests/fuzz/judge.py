"""Runs a case by CPython, by dual numbers and by bcad, and says where they differ."""

from __future__ import annotations

import contextlib
import copy
import itertools
import linecache
import traceback
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from interpreter import LocatedError

from . import dual
from .cases import STATE, Case
from .running import Endless, bounded, called, compiled, quiet

HONOURED, REFUSED, SILENT, CRASH, UNSURE, ENDLESS = "honoured", "refused", "silent", "crash", "unsure", "endless"
PATIENCE = 2.0  # seconds of the processor that a plain call may take
MODES = ("value", "reverse", "forward")
INSTANCES = ("THING", "KEEPER")  # what they hold is compared
_names = itertools.count()


@dataclass(frozen=True)
class Verdict:
    """What became of a case: one of the words above, and why."""

    kind: str
    detail: str = ""

    @property
    def is_bug(self) -> bool:
        return self.kind in (SILENT, CRASH)


class World:
    """One copy of a case's module, with its own globals."""

    def __init__(self, source: str) -> None:
        self.name = f"<fuzz {next(_names)}>"
        linecache.cache[self.name] = (len(source), None, source.splitlines(True), self.name)
        self.names: dict[str, Any] = {"__name__": self.name}
        exec(compile(source, self.name, "exec"), self.names)

    def change(self, update: str) -> None:
        exec(update, self.names)

    def arguments(self, text: str) -> Any:
        return eval(text, self.names)

    def state(self) -> dict[str, Any]:
        """What can be seen outside of the function."""
        seen = {name: self.names.get(name) for name in STATE}
        seen |= {name: vars(self.names[name]) for name in INSTANCES}
        seen["RATE"] = self.names["Thing"].rate
        seen["SHARED"] = shared(seen)
        return copy.deepcopy(seen)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: Any) -> None:
        linecache.cache.pop(self.name, None)


def shared(state: dict[str, Any]) -> list[tuple[str, str]]:
    """The pairs of arrays that share memory, and of containers that are one."""
    inside = [(f"{name}[{key!r}]", x) for name, whole in state.items() if isinstance(whole, dict) for key, x in whole.items()]
    found = [*state.items(), *inside]
    arrays = [(name, x) for name, x in found if isinstance(x, np.ndarray)]
    containers = [(name, x) for name, x in found if isinstance(x, (list, dict, set, deque))]
    pairs = [(a, b) for (a, x), (b, y) in itertools.combinations(arrays, 2) if np.shares_memory(x, y)]
    return pairs + [(a, b) for (a, x), (b, y) in itertools.combinations(containers, 2) if x is y]


@dataclass
class Outcome:
    """What a plain call did."""

    value: Any
    error: BaseException | None
    before: dict[str, Any]
    after: dict[str, Any]


def judge(case: Case, mode: str, backend: str) -> Verdict:
    """Every call of the case in one mode on one backend."""
    with quiet(), World(case.source) as plain, World(case.source) as traced:
        return _judged(case, mode, backend, plain, traced)


def _judged(case: Case, mode: str, backend: str, plain: World, traced: World) -> Verdict:
    made = compiled(traced.names["f"], case.wrt, mode, backend)
    refused = ""
    for k, (update, text) in enumerate(case.calls):
        for world in (plain, traced):
            world.change(update)
        outcome = _plain_call(plain, text)
        if isinstance(outcome.error, Endless):
            return Verdict(ENDLESS, f"call {k}")
        args = traced.arguments(text)
        kept = copy.deepcopy(args)
        tangents = directions(case, args, k)
        try:
            value, derived = called(made, mode, args, tangents)
        except LocatedError as error:
            refused = f"call {k}: {str(error).splitlines()[0]}"
            break
        except Exception as error:
            if outcome.error is not None and type(error) is type(outcome.error):
                continue
            expected = "a value" if outcome.error is None else repr(outcome.error)
            return Verdict(CRASH, f"call {k}: {expected} expected\n{traceback.format_exc(limit=-4)}")
        wrong = _difference(case, outcome, value, traced, args, kept)
        if not wrong and mode != "value":
            verdict = _check_derivative(case, k, outcome, derived, tangents, args)
            if verdict is not None:
                return verdict
        if wrong:
            return Verdict(UNSURE if _is_ill_conditioned(case, k, outcome, value) else SILENT, f"call {k}: {wrong}")
        if outcome.error is not None:
            break
    return Verdict(REFUSED, refused) if refused else Verdict(HONOURED)


def _plain_call(world: World, text: str) -> Outcome:
    args, before = world.arguments(text), world.state()
    try:
        with bounded(PATIENCE):
            value, error = world.names["f"](*args), None
    except Exception as exception:
        value, error = None, exception
    if isinstance(error, Endless):
        return Outcome(None, error, before, {})
    return Outcome(value, error, before, world.state())


def directions(case: Case, args: Any, k: int) -> list[Any]:
    """Fixed directions, one for each differentiated argument."""
    found = []
    for i in case.wrt:
        shape = np.shape(args[i])
        direction = np.cos(1.0 + k + 2.0 * i + np.arange(int(np.prod(shape)))).reshape(shape)
        found.append(direction.astype(args[i].dtype) if shape else float(direction))
    return found


# -- values and effects --------------------------------------------------------------------------
def _difference(case: Case, outcome: Outcome, value: Any, traced: World, args: Any, kept: Any) -> str:
    if outcome.error is not None:
        return f"{outcome.error!r} expected, {value!r} given"
    loose = "float32" in case.source
    if not _same(value, outcome.value, loose):
        return f"{outcome.value!r} expected, {value!r} given"
    after = traced.state()
    for name, expected in outcome.after.items():
        if not _same(after[name], expected, loose):
            return f"{name} is {after[name]!r} instead of {expected!r}"
    return "" if _same(args, kept) else "an argument was modified"


def _is_ill_conditioned(case: Case, k: int, outcome: Outcome, value: Any) -> bool:
    """Whether arguments that differ in the last bit explain a result by plain Python as far off as `value`."""
    if outcome.error is not None or not all(map(np.isscalar, (value, outcome.value))) or type(value) is not type(outcome.value):
        return False
    spread = 0.0
    for sign in (-1, 1, 3, -5):
        with World(case.source) as world, contextlib.suppress(Exception):
            replay(case, k, outcome.before, lambda x: x, world.names)
            args = [a * (1 + sign * 2.0**-52) if isinstance(a, (float, np.ndarray)) else a for a in world.arguments(case.calls[k][1])]
            spread = max(spread, abs(float(world.names["f"](*args)) - float(outcome.value)))
    return abs(float(value) - float(outcome.value)) <= 100 * spread


def _same(a: Any, b: Any, loose: bool = False) -> bool:
    if isinstance(b, str):
        return bool(a == b)
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys() and all(_same(a[k], b[k], loose) for k in b)
    if isinstance(b, set):
        return isinstance(a, set) and _same(sorted(a), sorted(b), loose)
    if isinstance(b, np.random.Generator):
        return bool(a.bit_generator.state == b.bit_generator.state)
    if isinstance(b, (list, tuple, deque)):
        return type(a) is type(b) and len(a) == len(b) and all(_same(x, y, loose) for x, y in zip(a, b, strict=True))
    if np.asarray(a).dtype != np.asarray(b).dtype or np.shape(a) != np.shape(b) or isinstance(a, np.ndarray) != isinstance(b, np.ndarray):
        return False
    return bool(np.allclose(a, b, rtol=2e-3 if loose else 1e-8, atol=1e-4 if loose else 1e-9, equal_nan=True))


# -- derivatives -----------------------------------------------------------------------------------
def _check_derivative(case: Case, k: int, outcome: Outcome, derived: Any, tangents: Any, args: Any) -> Verdict | None:
    if not np.isfinite(outcome.value) or abs(outcome.value) > 1e6:
        return None
    if isinstance(derived, tuple):
        for g, i in zip(derived, case.wrt, strict=True):
            if np.shape(g) != np.shape(args[i]):
                return Verdict(SILENT, f"call {k}: a gradient of shape {np.shape(g)} for {np.shape(args[i])}")
        found = float(sum(np.sum(np.asarray(g, float) * t) for g, t in zip(derived, tangents, strict=True)))
    else:
        found = float(derived)
    expected, doubt = by_duals(case, k, outcome, tangents)
    loose = case.source.count("float32") > 0
    if _near(found, expected, 1e-2 if loose else 1e-6) or (expected != expected and found != found):
        return None
    if loose or abs(expected) > 1e7:
        return None
    estimate, error = by_differences(case, k, outcome, tangents)
    if abs(found - estimate) <= 10 * error + 1e-5 * (1 + abs(estimate)):
        return Verdict(UNSURE, f"call {k}: dual numbers give {expected}, bcad {found}, differences {estimate} +- {error}")
    if doubt or not (abs(expected - estimate) <= 10 * error + 1e-4 * (1 + abs(estimate))):
        return None  # a kink, or differences that tell nothing
    return Verdict(SILENT, f"call {k}: derivative {found!r} instead of {expected!r} ({estimate!r} by differences)")


def _near(a: float, b: float, tolerance: float) -> bool:
    return abs(a - b) <= tolerance * (1.0 + abs(b))


def replay(case: Case, k: int, before: dict[str, Any], lift: Any, names: dict[str, Any]) -> None:
    """Bring a fresh module into the state before call k."""
    for update, _ in case.calls[: k + 1]:
        for line in update.splitlines():
            if line.startswith(("put_cell", "HOOK", "plain.", "push = ")):
                exec(line, names)
    for name, value in copy.deepcopy(before).items():
        if name in INSTANCES:
            vars(names[name]).clear()
            vars(names[name]).update(lift(value))
        elif name == "SHARED":
            continue
        elif name == "RATE":
            names["Thing"].rate = value
        elif value is not None:
            names[name] = lift(value)


def by_duals(case: Case, k: int, outcome: Outcome, tangents: Any) -> tuple[float, bool]:
    """The derivative by dual numbers, and whether a kink makes it a matter of convention."""
    names: dict[str, Any] = {"__name__": "dual", "float": dual.to_float}
    source = case.source.replace("import math\n", "from tests.fuzz.dual import dual_math as math\n", 1)
    source = source.replace("import numpy as np\n", "from tests.fuzz.dual import numpy as np\n", 1)
    exec(compile(source, "<dual>", "exec"), names)
    known: dict[int, Any] = {}
    replay(case, k, outcome.before, lambda x: dual.lift(x, known), names)
    args = [dual.lift(a) for a in eval(case.calls[k][1], {"np": np})]
    for i, t in zip(case.wrt, tangents, strict=True):
        args[i] = dual.made(dual.plain(args[i]), t)
    dual.kinks.clear()
    value, tangent = dual.parts(names["f"](*args))
    if not _same(float(value), float(outcome.value)) and "float32" not in case.source:
        raise AssertionError(f"dual numbers compute {value!r} instead of {outcome.value!r}")
    return float(tangent), bool(dual.kinks)


def by_differences(case: Case, k: int, outcome: Outcome, tangents: Any) -> tuple[float, float]:
    """The derivative by Richardson extrapolation, and its error."""
    from tests.programs.reference import richardson

    def along(step: float) -> Any:
        with World(case.source) as world:
            replay(case, k, outcome.before, lambda x: x, world.names)
            args = list(world.arguments(case.calls[k][1]))
            for i, t in zip(case.wrt, tangents, strict=True):
                args[i] = args[i] + step * t
            return np.asarray(world.names["f"](*args), float)

    estimate = richardson(along, 2.0**-8)
    return float(estimate.value), float(estimate.error)
