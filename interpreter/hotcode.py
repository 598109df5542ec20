"""What one instruction of a hot loop becomes: lines of Python that do the same to the same frame.

Numbers and items of lists are worked on directly, where CPython would not run Python code either;
everything else goes through the evaluator's own operations, with `Frame.pc` set.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .attributes import get_attribute, get_item, set_attribute, set_item
from .code import NULL, UNBOUND, Code, Instruction
from .names import LAZY, load_global
from .opcodes.calls import invoke
from .opcodes.operators import NUMBERS
from .operators import binary, compare, truth

STOPS = frozenset("""
    RETURN_VALUE YIELD_VALUE RAISE_VARARGS RERAISE RETURN_GENERATOR SEND END_ASYNC_FOR CLEANUP_THROW
""".split())                # left to the evaluator, as are unusual jumps
HELPERS = {"NUMBERS": NUMBERS, "UNBOUND": UNBOUND, "NULL": NULL, "LAZY": LAZY, "binary": binary,
           "compare": compare, "truth": truth, "get_item": get_item, "set_item": set_item,
           "get_attribute": get_attribute, "set_attribute": set_attribute,
           "load_global": load_global, "invoke": invoke,
           "type": type, "int": int, "list": list, "tuple": tuple, "next": next,   # a program may replace its own
           "BaseException": BaseException}
_Method = Callable[["BlockWriter", Instruction], bool]
_WRITERS: dict[str, _Method] = {}


def _writes(*opcodes: str) -> Callable[[_Method], _Method]:
    """Register what writes these opcodes; it returns False to leave it to the handler."""
    def register(method: _Method) -> _Method:
        _WRITERS.update(dict.fromkeys(opcodes, method))
        return method
    return register


class BlockWriter:
    """Writes instructions that run one after another.

    Attributes
    ----------
    values : list of str
        Variables and constants that stand for the top of the value stack; the rest of it is on the
        frame's own stack, where all of it is between blocks.
    lines, places : list
        The text, and the instruction that each line belongs to.
    """

    def __init__(self, code: Code, unsure: set[int]) -> None:
        self.code = code
        self.unsure = unsure                # slots that may become unbound
        self.lines: list[str] = []
        self.places: list[int] = []
        self.depth = 2
        self.values: list[str] = []
        self.constants: dict[str, Any] = {}
        self.bools: set[str] = set()        # variables that hold True or False
        self.index = 0                      # of the instruction being written
        self._made = 0

    def write(self, instruction: Instruction) -> bool:
        """Write one instruction; False if the evaluator takes over there."""
        self.index = instruction.index
        method = _WRITERS.get(instruction.opcode)
        if method is not None and method(self, instruction):
            return True
        self.spill()
        if instruction.opcode in STOPS or instruction.target is not None:
            self.leave(instruction.index)
            return False
        handler, arg = self.code.steps[instruction.index]
        self.line(f"frame.pc = {instruction.index + 1}; "
                  f"{self.constant(handler)}(frame, stack, {self.constant(arg)})")
        return True

    # --- lines --------------------------------------------------------------------------------
    def line(self, text: str) -> None:
        self.lines.append(" " * self.depth + text)
        self.places.append(self.index)

    def leave(self, pc: int) -> None:
        """Go back to the evaluator, at `pc`; nothing may stand in variables."""
        self.line(f"frame.pc = {pc}; return")

    def slowly(self, text: str, *used: str) -> None:
        """An operation of the evaluator's, which may run any code; it is done with `used`."""
        self.line(f"frame.pc = {self.index + 1}; {text}")
        self.clear(*used)

    def otherwise(self, text: str, *used: str) -> None:
        """The same as the other branch of an ``if``."""
        self.line("else:")
        self.depth += 1
        self.slowly(text, *used)
        self.depth -= 1

    # --- values -------------------------------------------------------------------------------
    def new(self) -> str:
        self._made += 1
        return f"t{self._made}"

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def is_constant(self, name: str) -> bool:
        return name in self.constants or name == "NULL"

    def is_number(self, name: str) -> bool:
        return type(self.constants.get(name)) in NUMBERS

    def pop(self) -> str:
        if self.values:
            return self.values.pop()
        name = self.new()
        self.line(f"{name} = stack.pop()")
        return name

    def push(self, name: str) -> bool:
        self.values.append(name)
        return True

    def spill(self) -> None:
        """Put everything on the frame's stack."""
        for name in self.values:
            self.line(f"stack.append({name})")
        self.clear(*self.values)
        self.values = []

    def clear(self, *names: str) -> None:
        """Forget what variables hold, so that objects die when they should."""
        used = sorted({name for name in names if not self.is_constant(name)} - self.bools)
        if used:
            self.line(" = ".join(used) + " = None")

    def numbers(self, *names: str) -> str:
        """A test that these are numbers of CPython's own."""
        tests = [f"type({name}) in NUMBERS" for name in dict.fromkeys(names) if not self.is_number(name)]
        return " and ".join(tests) or "True"

    def condition(self, instruction: Instruction) -> str:
        """An expression that is true where this conditional jump is taken."""
        self.index = instruction.index
        value = self.pop()
        if "NONE" in instruction.opcode:
            test = self.new()
            self.bools.add(test)
            self.line(f"{test} = {value} is {'not ' if 'NOT' in instruction.opcode else ''}None")
            self.clear(value)
            return test
        if value not in self.bools and not self.is_constant(value):
            self.line(f"if {value} is not True and {value} is not False: "
                      f"frame.pc = {self.index + 1}; {value} = truth(frame, {value})")
        return value if instruction.opcode == "POP_JUMP_IF_TRUE" else f"not {value}"


# --- moving values ------------------------------------------------------------------------------
@_writes("LOAD_FAST")
def _load_fast(w: BlockWriter, instruction: Instruction) -> bool:
    name, slot = w.new(), instruction.arg
    w.line(f"{name} = slots[{slot}]")
    if slot in w.unsure:
        w.line(f"if {name} is UNBOUND:")
        w.depth += 1
        for value in w.values:
            w.line(f"stack.append({value})")
        w.leave(instruction.index)
        w.depth -= 1
    return w.push(name)


@_writes("STORE_FAST")
def _store_fast(w: BlockWriter, instruction: Instruction) -> bool:
    if not w.values:
        w.line(f"slots[{instruction.arg}] = stack.pop()")
        return True
    value = w.pop()
    w.line(f"slots[{instruction.arg}] = {value}")
    w.clear(value)
    return True


@_writes("LOAD_CONST")
def _load_const(w: BlockWriter, instruction: Instruction) -> bool:
    return w.push(w.constant(instruction.arg))


@_writes("PUSH_NULL")
def _push_null(w: BlockWriter, instruction: Instruction) -> bool:
    return w.push("NULL")


@_writes("POP_TOP")
def _pop_top(w: BlockWriter, instruction: Instruction) -> bool:
    if w.values:
        w.clear(w.pop())
    else:
        w.line("stack.pop()")
    return True


@_writes("COPY")
def _copy(w: BlockWriter, instruction: Instruction) -> bool:
    if instruction.arg > len(w.values):
        return False
    name, value = w.new(), w.values[-instruction.arg]
    w.line(f"{name} = {value}")
    if value in w.bools:
        w.bools.add(name)
    return w.push(name)


@_writes("SWAP")
def _swap(w: BlockWriter, instruction: Instruction) -> bool:
    depth = instruction.arg
    if depth > len(w.values):
        return False
    w.values[-1], w.values[-depth] = w.values[-depth], w.values[-1]
    return True


@_writes("LOAD_GLOBAL", "LOAD_GLOBAL_CALLABLE")
def _load_global(w: BlockWriter, instruction: Instruction) -> bool:
    if instruction.opcode == "LOAD_GLOBAL_CALLABLE":
        w.push("NULL")
    name, key = w.new(), w.constant(instruction.arg)
    w.line(f"{name} = names.get({key}, NULL)")
    w.line(f"if {name} is NULL or type({name}) is LAZY:")
    w.depth += 1
    w.slowly(f"{name} = load_global(frame, {key})")
    w.depth -= 1
    return w.push(name)


# --- operators ----------------------------------------------------------------------------------
@_writes("BINARY_OP")
def _binary_op(w: BlockWriter, instruction: Instruction) -> bool:
    symbol = instruction.symbol or ""
    right, left, result = w.pop(), w.pop(), w.new()
    inplace = symbol.endswith("=")          # its errors say so
    w.line(f"if {w.numbers(left, right)}: "
           + (f"{result} = {left}; {result} {symbol} {right}" if inplace else f"{result} = {left} {symbol} {right}"))
    w.otherwise(f"{result} = binary(frame, {w.constant(instruction.arg)}, {left}, {right})", left, right)
    return w.push(result)


@_writes("COMPARE_OP")
def _compare_op(w: BlockWriter, instruction: Instruction) -> bool:
    right, left, result = w.pop(), w.pop(), w.new()
    w.line(f"if {w.numbers(left, right)}: {result} = {left} {instruction.symbol} {right}")
    call = f"compare(frame, {w.constant(instruction.arg)}, {left}, {right})"
    if w.code.opcodes[w.index + 1] in ("POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE"):
        w.bools.add(result)
        w.otherwise(f"{result} = truth(frame, {call})", left, right)
    else:
        w.otherwise(f"{result} = {call}", left, right)
    return w.push(result)


@_writes("IS_OP")
def _is_op(w: BlockWriter, instruction: Instruction) -> bool:
    right, left, result = w.pop(), w.pop(), w.new()
    w.line(f"{result} = {left} is {'not ' if instruction.arg else ''}{right}")
    w.clear(left, right)
    w.bools.add(result)
    return w.push(result)


@_writes("BINARY_SUBSCR")
def _binary_subscr(w: BlockWriter, instruction: Instruction) -> bool:
    key, owner, result = w.pop(), w.pop(), w.new()
    w.line(f"if type({key}) is int and type({owner}) in (list, tuple): {result} = {owner}[{key}]")
    w.otherwise(f"{result} = get_item(frame, {owner}, {key})", key)
    w.clear(owner)
    return w.push(result)


@_writes("STORE_SUBSCR")
def _store_subscr(w: BlockWriter, instruction: Instruction) -> bool:
    key, owner, value = w.pop(), w.pop(), w.pop()
    w.line(f"if type({key}) is int and type({owner}) is list: {owner}[{key}] = {value}")
    w.otherwise(f"set_item(frame, {owner}, {key}, {value})", key)
    w.clear(owner, value)
    return True


@_writes("LIST_APPEND")
def _list_append(w: BlockWriter, instruction: Instruction) -> bool:
    if len(w.values) != 1:
        return False
    value = w.pop()
    w.line(f"stack[-{instruction.arg}].append({value})")
    w.clear(value)
    return True


# --- objects ------------------------------------------------------------------------------------
@_writes("LOAD_ATTR")
def _load_attr(w: BlockWriter, instruction: Instruction) -> bool:
    owner, result = w.pop(), w.new()
    w.slowly(f"{result} = get_attribute(frame, {owner}, {instruction.arg!r})", owner)
    return w.push(result)


@_writes("STORE_ATTR")
def _store_attr(w: BlockWriter, instruction: Instruction) -> bool:
    owner, value = w.pop(), w.pop()
    w.slowly(f"set_attribute(frame, {owner}, {instruction.arg!r}, {value})", owner, value)
    return True


@_writes("CALL")
def _call(w: BlockWriter, instruction: Instruction) -> bool:
    if len(w.values) < instruction.arg + 2:
        return False
    args = [w.pop() for _ in range(instruction.arg)][::-1]
    second, first, result = w.pop(), w.pop(), w.new()
    w.slowly(f"{result} = invoke(frame, {first}, {second}, [{', '.join(args)}])", *args, first, second)
    return w.push(result)


@_writes("BUILD_TUPLE", "BUILD_LIST")
def _build(w: BlockWriter, instruction: Instruction) -> bool:
    if len(w.values) < instruction.arg:
        return False
    items = [w.pop() for _ in range(instruction.arg)][::-1]
    result = w.new()
    inside = "".join(f"{item}, " for item in items)
    w.line(f"{result} = " + (f"({inside})" if instruction.opcode == "BUILD_TUPLE" else f"[{inside}]"))
    w.clear(*items)
    return w.push(result)
