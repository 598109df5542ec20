"""Which functions of CPython's own tests run natively although the evaluator runs the test, and who started them.

As the harness's entry it writes one line of JSON for each such start, to the file that LEAKS names:

    PYTHONPATH=tests/interpreter LEAKS=leaks-3.13.jsonl python HARNESS/run.py --path . --entry leaks:call

From such files, one for each version of Python, it makes the page of the documentation:

    python tests/interpreter/leaks.py leaks-*.jsonl > docs/interpreter_leaks.md
"""
from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

TOOL = 3                                    # of sys.monitoring
NAMES = ("fn", "native", "function", "method")      # what our functions call a callable that they run natively
OUTSIDE = "started by native code that the test's surroundings run (threads, generators made outside, the garbage collector)"


# --- watching ------------------------------------------------------------------------------------
_found: set[tuple[str, str]] | None = None      # while a test runs: functions and who started them
_watched: set[str] = set()                      # the files whose code objects sys.monitoring reports


def call(fn: Callable, *args: Any, **kwargs: Any) -> Any:
    """``interpreter.call``, noting what runs natively of the file that `fn` is from."""
    global _found
    import interpreter
    module = sys.modules.get(type(getattr(fn, "__self__", None)).__module__)
    file = getattr(module, "__file__", None)
    if file is None:
        return interpreter.call(fn, *args, **kwargs)
    outer, _found = _found, set()
    stop = _profile(file) if sys.version_info < (3, 12) else _monitor(module, file)
    try:
        return interpreter.call(fn, *args, **kwargs)
    finally:
        stop()
        found, _found = _found, outer
        if found:
            version = ".".join(map(str, sys.version_info[:2]))
            lines = [json.dumps([version, str(module.__name__).removeprefix("test."), name, why]) + "\n"
                     for name, why in sorted(found)]
            with open(os.environ["LEAKS"], "a", encoding="utf-8") as out:
                out.write("".join(lines))


def _note(code: CodeType, frame: FrameType) -> None:
    from interpreter.tracebacks import is_stub
    if _found is not None and not is_stub(code):
        _found.add((code.co_qualname, started_by(frame.f_back)))


def _profile(file: str) -> Callable[[], None]:
    """Up to 3.11: every call is reported."""
    def event(frame: FrameType, kind: str, arg: Any) -> None:
        if kind == "call" and frame.f_code.co_filename == file:
            _note(frame.f_code, frame)
    before = sys.getprofile()
    sys.setprofile(event)
    return lambda: sys.setprofile(before)


def _monitor(module: Any, file: str) -> Callable[[], None]:
    """From 3.12 on the starts of the file's own code objects are."""
    monitoring = sys.monitoring
    if not _watched:
        monitoring.use_tool_id(TOOL, "leaks")
        monitoring.register_callback(TOOL, monitoring.events.PY_START,
                                     lambda code, offset: _note(code, sys._getframe(1)))
    if file not in _watched:
        _watched.add(file)
        for code in _codes(module, file):
            monitoring.set_local_events(TOOL, code, monitoring.events.PY_START)
    return lambda: None


def _codes(module: Any, file: str) -> list[CodeType]:
    """The code objects of a file that its functions and classes hold, with those inside them."""
    codes: dict[int, CodeType] = {}
    work: list[Any] = list(vars(module).values())
    seen: set[int] = set()
    while work:
        value = work.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, CodeType):
            if value.co_filename == file:
                codes[id(value)] = value
                work += value.co_consts
        elif isinstance(value, FunctionType):
            work += [value.__code__, value.__dict__.get("__wrapped__")]
        elif isinstance(value, (staticmethod, classmethod)):
            work.append(value.__func__)
        elif isinstance(value, property):
            work += [value.fget, value.fset, value.fdel]
        elif isinstance(value, type) and value.__module__ == module.__name__:
            work += vars(value).values()
    return list(codes.values())


def started_by(frame: FrameType | None) -> str:
    """Who called: the C function that the evaluator ran, or Python code that runs natively itself."""
    from interpreter.tracebacks import HERE
    native: CodeType | None = None
    while frame is not None and not frame.f_code.co_filename.startswith(HERE):
        if Path(frame.f_code.co_filename).name == "case.py" and "unittest" in frame.f_code.co_filename:
            break
        native, frame = frame.f_code, frame.f_back
    if native is not None:
        place = Path(native.co_filename).stem
        return f"Python code that runs natively itself: `{place}.{native.co_qualname}`"
    if frame is None or not frame.f_code.co_filename.startswith(HERE):
        return OUTSIDE
    return _in_c(frame)


def _in_c(frame: FrameType) -> str:
    """What one of our functions was doing."""
    values, doing = frame.f_locals, frame.f_code.co_name
    for name in NAMES:
        value = values.get(name)
        if value is not None and callable(value) and not hasattr(value, "__code__"):
            return f"`{_described(value)}`"
    if "operation" in values:
        return f"the operator `{values['operation'].symbol}` of C types"
    owner = next((values[name] for name in ("owner", "value", "container", "iterator", "receiver") if name in values), None)
    kind = f" of a `{type(owner).__name__}`" if owner is not None and type(owner).__module__ == "builtins" else ""
    return f"C behind `{doing}`{kind}"


def _described(value: Any) -> str:
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    owner = getattr(value, "__self__", None)
    if type(owner).__name__ == "module" and owner.__name__ != "builtins":
        return f"{owner.__name__}.{name}"
    return str(name)


# --- the page ------------------------------------------------------------------------------------
HEAD = """# What of CPython's own tests runs natively although the evaluator runs them

Written by `tests/interpreter/leaks.py` (its first lines have the commands) from whole runs of the conformance harness on {versions}: when, and what they gave,
[interpreter_conformance.md](interpreter_conformance.md) says. Every function of a test's own file that CPython started itself while the test ran in the
evaluator, by who started it: a C function, an operator, or C code behind the named handler of the evaluator's. Behind a file stand the versions on which any
of its functions was started so; `A: b, c` are `A.b` and `A.c`. What unittest runs before and after a test method (`setUp`, `tearDown`, fixtures of classes and modules) is outside of the entry and not listed.
"""


def page(files: list[str]) -> str:
    """The documentation's page."""
    seen: dict[str, dict[str, dict[str, set[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    versions: set[str] = set()
    for file in files:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            version, module, name, why = json.loads(line)
            versions.add(version)
            seen[why][module][name].add(version)
    order = sorted(versions, key=lambda version: int(version.split(".")[1]))
    parts = [HEAD.format(versions=", ".join(order))]
    for why, modules in sorted(seen.items(), key=lambda item: (-sum(map(len, item[1].values())), item[0])):
        parts.append(f"- {why}")
        for module, names in sorted(modules.items()):
            on = [version for version in order if any(version in found for found in names.values())]
            parts.append(f"  - {module} ({', '.join(on)}): {_grouped(names)}")
    return "\n".join(parts) + "\n"


def _grouped(names: Iterable[str]) -> str:
    """The names, those of one class together."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        first, _, rest = name.replace(".<locals>", "").replace("<", "\\<").partition(".")
        groups[first].append(rest)
    return "; ".join(f"{first}: {', '.join(rest)}" if all(rest) else ", ".join(f"{first}.{r}" if r else first for r in rest)
                     for first, rest in groups.items())


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1:]))
