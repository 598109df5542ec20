"""Writing code for instructions: lines of Python that do the same to the same frame, and where each belongs.

Numbers, items of lists and plain attributes are worked on directly, where CPython would not run
Python code either; everything else is left to the evaluator's own operations.
"""
from __future__ import annotations

import os
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from ..attributes import get_attribute, get_item, set_attribute, set_item
from ..calls import step_into
from ..code import NULL, UNBOUND, Code, Instruction
from ..lookup import make_cell, reads_at, writes_at
from ..names import LAZY, load_global
from ..opcodes.calls import invoke
from ..opcodes.names import method_of
from ..opcodes.operators import NUMBERS
from ..operators import binary_at, compare, contains, invert, truth, unary
from ..tracebacks import traceback_of

STOPS = frozenset("""
    RETURN_VALUE YIELD_VALUE RAISE_VARARGS RERAISE RETURN_GENERATOR SEND END_ASYNC_FOR CLEANUP_THROW
""".split())                # left to the evaluator, as are unusual jumps
CONTAINERS = frozenset((list, tuple, dict, set, frozenset, str, bytes, range))
SEQUENCES = frozenset((list, tuple, str, bytes, range))
HASHED = frozenset((dict, set, frozenset))
KEYS = frozenset((int, str, float, bool, bytes, type(None)))      # to compare these runs no Python
SURE = CONTAINERS | NUMBERS | {type(None)}                         # nor to tell whether they are true
HELPERS = {"SURE": SURE, "NUMBERS": NUMBERS, "UNBOUND": UNBOUND, "NULL": NULL, "LAZY": LAZY, "binary_at": binary_at,
           "compare": compare, "truth": truth, "unary": unary, "invert": invert, "get_item": get_item, "set_item": set_item,
           "get_attribute": get_attribute, "set_attribute": set_attribute, "reads_at": reads_at,
           "writes_at": writes_at, "load_global": load_global, "invoke": invoke, "step_into": step_into,
           "contains": contains, "method_of": method_of, "CONTAINERS": CONTAINERS, "SEQUENCES": SEQUENCES,
           "HASHED": HASHED, "KEYS": KEYS, "FUNCTION": FunctionType, "METHOD": MethodType,
           "type": type, "int": int, "list": list, "tuple": tuple, "dict": dict, "len": len, "next": next,  # a program
           "BaseException": BaseException}                          # may replace its own
_FILENAME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "<hot code>")
Run = Callable[..., Any]
_Method = Callable[["BlockWriter", Instruction], bool]
WRITERS: dict[str, _Method] = {}


def writes(*opcodes: str) -> Callable[[_Method], _Method]:
    """Register what writes these opcodes; it returns False to leave it to the handler."""
    def register(method: _Method) -> _Method:
        WRITERS.update(dict.fromkeys(opcodes, method))
        return method
    return register


class BlockWriter:
    """Writes instructions that run one after another, on a frame.

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
        self.unsure = unsure                # slots that may have no value here
        self.lines: list[str] = []
        self.places: list[int] = []
        self.depth = 2
        self.values: list[str] = []
        self.constants: dict[str, Any] = {}
        self.bools: set[str] = set()        # variables that hold True or False
        self.globals: dict[str, str] = {}   # the names of those that hold a global
        self.methods: dict[str, str] = {}   # a method looked up -> the variable that says whether it is a container's
        self.index = 0                      # of the instruction being written
        self._made = 0

    def write(self, instruction: Instruction) -> bool:
        """Write one instruction; False if the evaluator takes over there."""
        self.index = instruction.index
        method = WRITERS.get(instruction.opcode)
        if method is not None and method(self, instruction):
            return True
        return self.write_call(instruction)

    def write_call(self, instruction: Instruction) -> bool:
        """Have the evaluator's handler run the instruction."""
        self.spill()
        if instruction.opcode in STOPS or instruction.target is not None:
            self.leave(instruction.index)
            return False
        handler, arg = self.code.steps[instruction.index]
        self.slowly(f"{self.constant(handler)}(frame, stack, {self.constant(arg)})")
        return True

    def compiled(self, head: list[str], tail: list[str], **names: Any) -> Run:
        """The function ``run`` of these lines."""
        places = [self.index] * len(head) + self.places

        def place_of(error: BaseException) -> int:
            """The pc behind the instruction that raised: lines belong to instructions."""
            return places[traceback_of(error).tb_lineno - 1] + 1

        namespace = {**HELPERS, **self.constants, "place_of": place_of, **names}
        exec(compile("\n".join(head + self.lines + tail), _FILENAME, "exec", dont_inherit=True), namespace)
        return namespace["run"]

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

    def load(self, slot: int) -> None:
        """Push a variable of the program's."""
        name = self.new()
        self.line(f"{name} = slots[{slot}]")
        if slot in self.unsure:
            self.line(f"if {name} is UNBOUND:")
            self.depth += 1
            for value in self.values:
                self.line(f"stack.append({value})")
            self.leave(self.index)
            self.depth -= 1
        self.push(name)

    def store(self, slot: int) -> None:
        """Pop into a variable of the program's."""
        if not self.values:
            self.line(f"slots[{slot}] = stack.pop()")
            return
        value = self.pop()
        self.line(f"slots[{slot}] = {value}")
        self.clear(value)

    def unpack(self, text: str, value: str, names: list[str]) -> None:
        """An operation on the frame's stack that leaves as many values there as there are `names`."""
        self.slowly(f"stack.append({value}); {text}")
        for name in names:
            self.line(f"{name} = stack.pop()")

    # --- tests --------------------------------------------------------------------------------
    def numbers(self, *names: str) -> str:
        """A test that these are numbers of CPython's own."""
        tests = [f"type({name}) in NUMBERS" for name in dict.fromkeys(names) if not self.is_number(name)]
        return " and ".join(tests) or "True"

    def at_ease(self, check: str, owner: str, name: str) -> str:
        """A test that CPython reads or writes this attribute without running Python."""
        cell = self.constant(make_cell(name))
        return f"type({owner}) is {cell}[0] or {check}({cell}, {owner})"

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
            self.line(f"if {value} is not True and {value} is not False and type({value}) not in SURE:")
            self.depth += 1
            self.slowly(f"{value} = truth(frame, {value})")
            self.depth -= 1
        return value if instruction.opcode == "POP_JUMP_IF_TRUE" else f"not {value}"


