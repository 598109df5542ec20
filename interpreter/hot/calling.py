"""Code for calls: functions that need no frame at once, C code that calls nothing back natively."""
from __future__ import annotations

import builtins
from keyword import iskeyword
from types import BuiltinFunctionType, FunctionType
from typing import Any

from ..calls import METHODS, call_builtin, call_value, step_into
from ..classes import make_instance
from ..code import Instruction
from ..decode import DECODED
from ..frame import Frame
from .writer import BlockWriter, writes

# builtins that run no Python if their arguments are containers or numbers of CPython's own
_PURE = {"len": "CONTAINERS", **dict.fromkeys(("abs", "float", "int", "max", "min", "round", "divmod", "pow"), "NUMBERS")}


@writes("LOAD_METHOD")
def _load_method(w: BlockWriter, instruction: Instruction) -> bool:
    name = instruction.arg
    if not name.isidentifier() or iskeyword(name):
        return False
    owner, function, subject, plain = w.pop(), w.new(), w.new(), w.new()
    w.line(f"{plain} = type({owner}) in CONTAINERS" if name not in METHODS else f"{plain} = False")
    w.line(f"if {plain}: {function} = NULL; {subject} = {owner}.{name}")
    w.line(f"elif {w.at_ease('reads_at', owner, name)}:")
    w.depth += 1
    w.line(f"{function} = {owner}.{name}")
    w.line(f"if type({function}) is METHOD: {subject} = {function}.__self__; {function} = {function}.__func__")
    w.line(f"else: {subject} = {function}; {function} = NULL")
    w.depth -= 1
    w.otherwise(f"{function}, {subject} = method_of(frame, {owner}, {name!r})")
    w.clear(owner)
    w.bools.add(plain)
    w.methods[function] = plain
    w.push(function)
    return w.push(subject)


@writes("CALL")
def _call(w: BlockWriter, instruction: Instruction) -> bool:
    if len(w.values) < instruction.arg + 2:
        return False
    args = [w.pop() for _ in range(instruction.arg)][::-1]
    second, first, result = w.pop(), w.pop(), w.new()
    if "NULL" in (first, second):
        function = second if first == "NULL" else first
        pure = _PURE.get(w.globals.get(function, ""))
        if pure and args:
            tests = " and ".join(f"type({arg}) in {pure}" for arg in args)
            w.line(f"if {function} is {w.constant(getattr(builtins, w.globals[function]))} and {tests}: "
                   f"{result} = {function}({', '.join(args)})")
            w.line("else:")
            w.depth += 1
        _call_function(w, result, function, args)
        if pure and args:
            w.depth -= 1
    elif first in w.methods:
        w.line(f"if {w.methods[first]}:")
        w.depth += 1
        w.slowly(f"{result} = {second}({', '.join(args)})")
        w.depth -= 1
        w.line(f"elif {first} is NULL:")
        w.depth += 1
        _call_function(w, result, second, args)
        w.depth -= 1
        w.line("else:")
        w.depth += 1
        _call_function(w, result, first, [second, *args])
        w.depth -= 1
    else:
        w.slowly(f"{result} = invoke(frame, {first}, {second}, [{', '.join(args)}])")
    w.clear(*args, first, second)
    return w.push(result)


def _call_function(w: BlockWriter, result: str, function: str, args: list[str]) -> None:
    cell = w.constant([None, None])
    w.line(f"if type({function}) is FUNCTION and {function}.__code__ is {cell}[0]:")
    w.depth += 1
    w.slowly(f"{result} = {cell}[1]({', '.join(('frame', function, *args))})")
    w.depth -= 1
    w.otherwise(f"{result} = call_at({cell}, frame, {function}, [{', '.join(args)}])")


def call_at(cell: list, frame: Frame, fn: Any, args: list) -> Any:
    """Call; next time the code behind `fn` is called at once if it needs no frame."""
    kind = type(fn)
    if kind is FunctionType:
        code = DECODED.get(id(fn.__code__))
        if code is not None and code._heat is not None and len(args) == code.simple_count:
            cell[:] = (fn.__code__, code._heat.quick) if code._heat.quick is not None else (None, None)
        return step_into(frame, fn, args, None)
    if kind is BuiltinFunctionType:
        return call_builtin(frame, fn, args, None)
    if kind is type:
        return make_instance(frame, fn, args)
    return call_value(frame, fn, args)
