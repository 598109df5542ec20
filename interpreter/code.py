"""Instruction and Code: the normalised form of a code object that everything else works on."""
from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import Location

if TYPE_CHECKING:
    from .cfg import Cfg
    from .hot import Heat

OPTIMIZED = 1       # the flag of code whose variables have slots
JUMPS_IF = {"POP_JUMP_IF_TRUE": True, "POP_JUMP_IF_FALSE": False,
            "POP_JUMP_IF_NONE": True, "POP_JUMP_IF_NOT_NONE": False}   # of: it is None

OF_SLOTS = frozenset("""
    LOAD_FAST STORE_FAST DELETE_FAST LOAD_FAST_AND_CLEAR MAKE_CELL LOAD_CLOSURE
    LOAD_DEREF STORE_DEREF DELETE_DEREF LOAD_FROM_DICT_OR_DEREF
""".split())
_OF_OPERATIONS = frozenset(("BINARY_OP", "COMPARE_OP"))
_OF_NAMES = frozenset("""
    LOAD_NAME STORE_NAME DELETE_NAME LOAD_GLOBAL LOAD_GLOBAL_CALLABLE STORE_GLOBAL DELETE_GLOBAL
    LOAD_ATTR LOAD_METHOD STORE_ATTR DELETE_ATTR LOAD_SUPER_ATTR LOAD_SPECIAL IMPORT_NAME IMPORT_FROM
    LOAD_FROM_DICT_OR_GLOBALS UNARY_NEGATIVE UNARY_POSITIVE UNARY_INVERT
""".split())


class Marker:
    """A private value that no program can hold."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        raise TypeError(f"{self.name} is no value")


UNBOUND = Marker("UNBOUND")    # in a slot: the variable has no value
NULL = Marker("NULL")          # on the stack beside a callable: no self


class Instruction:
    """One normalised instruction.

    Attributes
    ----------
    opcode : str
        Name in the core set (see `decode`).
    arg : object
        What its handler needs: a constant, a name, a slot index, a count, a target...
    symbol : str or None
        The same for people and domains: '+', '<', a variable's name.
    target : int or None
        Index of the instruction jumped to.
    index, offset : int
        Place in `Code.instructions`; byte offset in ``co_code`` it came from.
    """

    __slots__ = ("opcode", "arg", "symbol", "target", "offset", "index")

    def __init__(self, opcode: str, arg: Any, symbol: str | None, target: int | None, offset: int,
                 index: int) -> None:
        self.opcode = opcode
        self.arg = arg
        self.symbol = symbol
        self.target = target
        self.offset = offset
        self.index = index

    @property
    def jumps_if(self) -> bool | None:
        """The truth at which this conditional jump jumps; None for other instructions."""
        return JUMPS_IF.get(self.opcode)

    def __repr__(self) -> str:
        shown = self.symbol if self.symbol is not None else self.arg
        where = f" -> {self.target}" if self.target is not None else ""
        return f"<{self.index} {self.opcode} {shown!r}{where}>"


class Handler(NamedTuple):
    """An exception table entry: instructions ``start <= pc < end`` go to `target`."""

    start: int
    end: int
    target: int
    depth: int
    lasti: bool


class Code:
    """A code object, decoded.

    Attributes
    ----------
    raw : CodeType
    opcodes, offsets : list
        Core opcode and byte offset of every instruction.
    targets : dict
        Where the jumps among them go, by index.
    instructions : list of Instruction
        A pc is an index into this list.
    exception_table : list of Handler
    slot_names : tuple of str
        Names of the frame's slots: locals, cells, free variables.
    steps : list of (handler, operand)
        What the evaluator runs, one per instruction, and one behind the last that returns the top.
        Most code is only run, and needs no `Instruction` objects.
    """

    __slots__ = ("raw", "opcodes", "offsets", "targets", "exception_table", "slot_names", "steps", "flags",
                 "argcount", "slot_count", "free_start", "stubs", "hidden", "leaf", "simple_count", "unbound", "_fast", "_heat", "names_globals", "__dict__")

    def __init__(self, raw: CodeType, slot_names: tuple[str, ...]) -> None:
        self.raw = raw
        self.opcodes: list[str] = []
        self.offsets: list[int] = []
        self.targets: dict[int, int] = {}
        self.exception_table: list[Handler] = []
        self.slot_names = slot_names
        self.steps: list[tuple[Callable, Any]] = []
        self.flags = raw.co_flags
        self.argcount = raw.co_argcount
        self.slot_count = len(slot_names)
        self.free_start = len(slot_names) - len(raw.co_freevars)
        many = raw.co_kwonlyargcount or raw.co_flags & 12 or not raw.co_flags & OPTIMIZED    # further arguments
        self.simple_count = -1 if many else raw.co_argcount     # -1: binding takes more than counting
        self._fast: list[tuple[Callable, Any]] | None = None
        self._heat: Heat | None = None
        self.names_globals = True               # whether frames have them from the start
        self.unbound = [UNBOUND] * (self.slot_count - raw.co_argcount)
        self.stubs: dict[int, CodeType] = {}    # see tracebacks
        self.leaf: bool | None = None           # see leaves
        self.hidden = False                     # our own polyfills: not the user's source

    @cached_property
    def instructions(self) -> list[Instruction]:
        """The instructions as objects."""
        return [Instruction(opcode, arg, self._symbol(opcode, arg), self.targets.get(index), offset, index)
                for index, (opcode, offset, (_, arg)) in enumerate(zip(self.opcodes, self.offsets, self.steps))]

    def _symbol(self, opcode: str, arg: Any) -> str | None:
        if opcode in OF_SLOTS:
            return self.slot_names[arg]
        if opcode in _OF_OPERATIONS:
            return arg.symbol
        if opcode in _OF_NAMES:
            return arg if type(arg) is str else arg[0]
        return None

    @cached_property
    def cfg(self) -> Cfg:
        """Blocks, dominators, loops and liveness."""
        from .cfg import Cfg
        return Cfg(self)

    @cached_property
    def positions(self) -> list[tuple[int | None, int | None, int | None, int | None]]:
        """(line, end_line, column, end_column) for each code unit of ``co_code``."""
        return list(self.raw.co_positions())

    @property
    def fast_steps(self) -> list[tuple[Callable, Any]]:
        """`steps` with frequent sequences as one step; stops in between would be missed."""
        if self._fast is None:
            from .opcodes import fuse
            self._fast = fuse(self)
        return self._fast  # type: ignore[return-value]

    @property
    def heat(self) -> Heat:
        """How often it is called, and what has become of it."""
        if self._heat is None:
            from .hot import Heat
            self._heat = Heat(self)
        return self._heat

    def cool(self) -> None:
        """Forget what has been compiled, and count anew."""
        self._fast = self._heat = None

    @cached_property
    def watched_steps(self) -> list[tuple[Callable, Any]]:
        """`steps` for a domain that observes: loop headers ask it first."""
        from .opcodes import watch_loops
        return watch_loops(self)

    def handler_at(self, pc: int) -> Handler | None:
        """The exception handler in force at `pc`."""
        for entry in self.exception_table:
            if entry.start <= pc < entry.end:
                return entry
        return None

    def location(self, pc: int) -> Location:
        """Where the instruction at `pc` stands in the source."""
        line, end_line, column, end_column = self.positions[self.offsets[pc] // 2]
        return Location(self.raw.co_filename, line, end_line, column, end_column,
                        self.raw.co_name)

    def __repr__(self) -> str:
        return f"<Code {self.raw.co_qualname} of {len(self.opcodes)} instructions>"
