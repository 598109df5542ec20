"""The guards and captures of a program as one generated Python function: the path of every later call.

What it cannot say in a line it asks the guard itself.  A guard that fails, or anything
unexpected on the way, gives `MISS`: the caller then looks further, slowly and with reasons.
"""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Dim, Kind, Size, symbols

from .captures.guards import (
    Distinct,
    Guard,
    HasClass,
    HasKey,
    HasKeys,
    HasLength,
    HasNames,
    HasType,
    HasValue,
    IsObject,
    Same,
    SizeRelation,
    State,
)
from .captures.sources import Argument, Attribute, Closure, Entry, Global, Item, Pinned, Source, read
from .program import Program
from .quick_checks import Checks, checks_of
from .tree import Tree

MISS: Any = type("Miss", (), {"__repr__": lambda self: "MISS", "__slots__": ()})()

_PLAIN_KEYS = (int, str, bool, type(None))


Seeds = Sequence[tuple[Tree, Sequence[ArrayType]]]


def quick_call(program: Program, finish: str, names: dict[str, Any], seeds: Seeds = ()) -> Callable[..., Any]:
    """``quick(args, kwargs, seeds)``: `finish`, an expression in which ``{values}`` stands for the inputs.

    Parameters
    ----------
    program : Program
    finish : str
        What to return when all guards hold, such as ``run({values})``.
    names : dict
        What `finish` names.
    seeds : sequence of (Tree, sequence of ArrayType)
        How each further object that a call is given is nested, and what its leaves must be: the last inputs.

    Returns
    -------
    callable
        Gives `MISS` where the program does not hold.
    """
    writer = _Writer(names)
    body = [*writer.lines(program), *writer.seed_lines(seeds)]
    values = ", ".join([*(writer.expression(s) for s in program.sources), *writer.seeds])
    fetched = [f"        fetched = ({values}{',' if values else ''})"]
    source = "\n".join([
        "def quick(args, kwargs, seeds=()):", "    try:", *(f"        {line}" for line in body), *fetched,
        "    except Exception:", "        return MISS", f"    return {finish.format(values='*fetched')}",
    ])
    if all(isinstance(s, Argument) for s in program.sources):  # locals need no tuple
        source = source.replace(fetched[0] + "\n", "").replace("*fetched", values)
    exec(compile(source, "<bcad guards>", "exec"), writer.names)
    quick: Callable[..., Any] = writer.names["quick"]
    quick.__doc__ = source
    return quick


class Finish:
    """What becomes of a run's outputs: an expression of ``outputs`` and of what `names` names; `function` computes it."""

    def __init__(self, text: str, **names: Any) -> None:
        self.text, self.names = text, names
        self.function: Callable[[list[Any]], Any] = eval(f"lambda outputs: {text}", {**names})

    def __call__(self, outputs: list[Any]) -> Any:
        return self.function(outputs)


def whole_call(
    program: Program, finish: Finish, names: dict[str, Any], checked: Sequence[Any] = (),
) -> Callable[..., Any]:
    """``call(args, kwargs)``: all of a later call as one function, from its arguments to what it returns.

    Parameters
    ----------
    program : Program
    finish : Finish
    names : dict
        ``run``, what computes the outputs; ``RAISED``, which of its exceptions are the caller's; ``options`` and
        ``tracing``, which say whether every number is to be checked and whether any thread is tracing; ``float_errors``
        and ``float_errors_known``, which say whether NumPy is told to raise.
    checked : sequence of Type, optional
        Of each input the type that `run` holds it to: it gives None for others.

    Returns
    -------
    callable
        Gives `MISS` where the program does not hold, or the call is not an ordinary one.
    """
    writer = _Writer({**finish.names, **names}, checks_of(program, checked))
    body = list(writer.lines(program))
    values = ", ".join(writer.expression(s) for s in program.sources)
    locals_ = all(isinstance(s, Argument) for s in program.sources)  # they cannot fail to be read
    source = "\n".join([
        "def call(args, kwargs):",
        "    if tracing.depth or options.check_finite or float_errors() is not float_errors_known.quiet: return MISS",
        "    try:", *(f"        {line}" for line in body),
        *([] if locals_ else [f"        fetched = ({values},)"]),
        "    except Exception:", "        return MISS",
        "    try:", f"        outputs = run({values if locals_ else '*fetched'})",
        "    except RAISED:", "        raise",
        "    except Exception:", "        return MISS",  # Python's own call shall raise it
        *(["    if outputs is None: return MISS"] if checked else []),
        f"    return {finish.text}",
    ])
    exec(compile(source, "<bcad call>", "exec"), writer.names)
    call: Callable[..., Any] = writer.names["call"]
    call.__doc__ = source
    return call


class _Writer:
    """Writes guards and sources as Python."""

    def __init__(self, names: dict[str, Any], checks: Checks | None = None) -> None:
        self.checks = checks or Checks()
        self.names = {**names, "MISS": MISS, "ndarray": np.ndarray, "State": State, "read": read}
        self.bound: set[str] = set()  # size symbols that have a value by now
        self._fresh = itertools.count()
        self._known: dict[int, str] = {}
        self.leaf_count = 0
        self.seeds: list[str] = []  # names of their leaves
        self._locals: dict[Source, str] = {}  # what has been read: nobody can change it between check and run

    def name(self, obj: Any, base: str = "k") -> str:
        """A global name for an object."""
        if id(obj) not in self._known:
            self._known[id(obj)] = name = f"{base}{next(self._fresh)}"
            self.names[name] = obj
        return self._known[id(obj)]

    def lines(self, program: Program) -> Iterator[str]:
        """Take the arguments apart, then check each guard."""
        self.leaf_count = program.tree.size
        positional, named = program.tree.children
        yield from self.unpack(positional, "args", 0, known=True)
        if named.children:
            yield from self.unpack(named, "kwargs", positional.size, known=True)
        else:
            yield "if kwargs: return MISS"
        for guard in program.guards:
            yield from self.guard(guard)
        if program.own is not None:
            yield self._unless(f"{self.name(program.own)}.holds_for(args, kwargs, [{self.leaves}])")

    def seed_lines(self, seeds: Seeds) -> Iterator[str]:
        """Take the seeds apart; each leaf must be what belongs to its number, a Python float will do for one."""
        if not seeds:
            return
        nest = Tree(tuple, tuple(range(len(seeds))), tuple(tree for tree, _ in seeds))
        yield from self.unpack(nest, "seeds", self.leaf_count, known=True)
        types = [t for _, of_seed in seeds for t in of_seed]
        for k, type_ in enumerate(types, self.leaf_count):
            if not all(isinstance(n, int) or symbols(n) <= self.bound for n in type_.shape):
                yield "return MISS"  # a length that only the run tells
            self.seeds.append(f"a{k}")
            if type_.kind is Kind.SCALAR:
                yield f"if type(a{k}) is float: a{k} = {self.name(type_.python_type)}(a{k})"
            yield from self._type(f"a{k}", type_)

    def unpack(self, tree: Tree, whole: str, first: int, known: bool = False) -> Iterator[str]:
        """Bind the leaves below `whole` to ``a<first>`` and so on, numbered as `flatten` lists them."""
        if not known:
            yield f"if type({whole}) is not {self.name(tree.cls)}: return MISS"
        parts = []
        for child in tree.children:
            parts.append((child, first, f"a{first}" if child.cls is None else f"t{next(self._fresh)}"))
            first += child.size
        if tree.cls is deque:
            yield self._unless(f"{whole}.maxlen == {tree.extra!r}")
        if tree.cls is defaultdict:
            yield self._unless(f"{whole}.default_factory is {self.name(tree.extra)}")
        if tree.cls is SimpleNamespace:
            whole = f"vars({whole})"
        if tree.cls is not None and issubclass(tree.cls, (dict, SimpleNamespace)):
            yield f"if tuple({whole}) != {self.name(tree.keys)}: return MISS"
            whole = f"{whole}.values()"
        elif tree.cls is not None and not issubclass(tree.cls, (list, tuple, deque)):
            whole = "(" + "".join(f"{whole}.{key}, " for key in tree.keys) + ")"
        yield f"[{', '.join(part for _, _, part in parts)}] = {whole}"
        for child, start, part in parts:
            if child.cls is not None:
                yield from self.unpack(child, part, start)

    # -- sources ----------------------------------------------------------------------------
    def expression(self, source: Source) -> str:
        """The value at a source."""
        if source in self._locals:
            return self._locals[source]
        match source:
            case Argument(index, _):
                return f"a{index}"
            case Pinned(obj, _):
                return self.name(obj)
            case Attribute(parent, name) if name.isidentifier():
                return f"{self.expression(parent)}.{name}"
            case Item(parent, key) if type(key) in _PLAIN_KEYS:
                return f"{self.expression(parent)}[{key!r}]"
            case Entry(cls, name):
                return f"{self.name(cls.obj)}.__dict__[{name!r}]"
            case Global(namespace, name):
                return f"{self.name(namespace.obj)}[{name!r}]"
            case Closure(cell, _):
                return f"{self.name(cell.obj)}.cell_contents"
        return f"read({self.name(source)}, [{self.leaves}])"

    def read(self, source: Source) -> Iterator[str]:
        """Bind the value at a source to a local name."""
        if source not in self._locals and not isinstance(source, (Argument, Pinned)):
            name = f"v{next(self._fresh)}"
            yield f"{name} = {self.expression(source)}"
            self._locals[source] = name

    @property
    def leaves(self) -> str:
        return ", ".join(f"a{k}" for k in range(self.leaf_count))

    # -- guards -----------------------------------------------------------------------------
    def guard(self, guard: Guard) -> Iterator[str]:
        """Lines that return MISS where the guard does not hold."""
        if isinstance(guard, (HasType, HasClass, HasValue, HasLength, HasKeys)):
            yield from self.read(guard.where)
        if guard in self.checks.done:
            return
        match guard:
            case IsObject(where=Entry(cls, name)) if type(cls.obj) is type and type(guard.obj) in (FunctionType, property):
                yield self._unless(f"{self.name(cls.obj)}.{name} is {self.name(guard.obj)}")
            case IsObject():
                yield self._unless(f"{self.expression(guard.where)} is {self.name(guard.obj)}")
            case HasValue():
                value = self.expression(guard.where)
                yield self._unless(f"type({value}) is {self.name(type(guard.value))} and {value} == {self.name(guard.value)}")
            case HasClass():
                yield self._unless(f"type({self.expression(guard.where)}) is {self.name(guard.cls)}")
            case HasLength():
                yield self._unless(f"len({self.expression(guard.where)}) == {guard.length}")
            case HasKeys():
                yield self._unless(f"tuple({self.expression(guard.where)}) == {self.name(guard.keys)}")
            case HasKey():
                relation = "in" if guard.present else "not in"
                yield self._unless(f"{self.name(guard.key)} {relation} {self.expression(guard.where)}")
            case HasNames():
                yield self._unless(f"len({self.expression(guard.where)}.__dict__) == {guard.count}")
            case Same():
                relation = "is" if guard.same else "is not"
                yield self._unless(f"{self.expression(guard.where)} {relation} {self.expression(guard.other)}")
            case Distinct():
                places = ", ".join(f"id({self.expression(place)})" for place in guard.places)
                yield self._unless(f"len({{{places}}}) == {len(guard.places)}")
            case HasType() if guard in self.checks.sized:
                yield from self._shape(f"{self.expression(guard.where)}.shape", guard.type.shape)
            case HasType():
                yield from self._type(self.expression(guard.where), guard.type)
            case SizeRelation() if symbols(guard.left) | symbols(guard.right) <= self.bound:
                yield self._unless(f"{_size(guard.left)} {guard.symbol} {_size(guard.right)}")
            case _:
                sizes = ", ".join(f"{name!r}: n_{name}" for name in sorted(self.bound))
                yield self._unless(f"{self.name(guard)}.holds(State([{self.leaves}], {{{sizes}}}))")

    def _type(self, value: str, type_: ArrayType) -> Iterator[str]:
        if type_.kind is Kind.PYTHON:
            yield self._unless(f"type({value}) is {self.name(type_.python_type)}")
            return
        dtype = self.name(type_.dtype)
        same = f"({value}.dtype is {dtype} or {value}.dtype == {dtype})"
        cls = "ndarray" if type_.kind is Kind.ARRAY else self.name(type_.python_type)
        yield self._unless(f"type({value}) is {cls} and {same}")
        if type_.kind is Kind.ARRAY:
            yield from self._shape(f"{value}.shape", type_.shape)

    def _shape(self, shape: str, sizes: Sequence[Size]) -> Iterator[str]:
        """Bind new symbols; compare known ones and numbers; a symbol is never 0 or 1."""
        names, checks = [], []
        for size in sizes:
            if isinstance(size, Dim) and size.is_symbol() and str(size) not in self.bound:
                self.bound.add(str(size))
                names.append(_size(size))
                checks.append(f"{names[-1]} > 1")
            else:
                names.append(f"m{next(self._fresh)}")
                checks.append(f"{names[-1]} == {_size(size)}")
        yield f"[{', '.join(names)}] = {shape}" if names else self._unless(f"{shape} == ()")
        if checks:
            yield self._unless(" and ".join(checks))

    @staticmethod
    def _unless(condition: str) -> str:
        return f"if not ({condition}): return MISS"


def _size(size: Size) -> str:
    """A size as Python, its symbols spelt ``n_<name>``."""
    if not isinstance(size, Dim):
        return str(size)
    return f"({size.renamed('n_')})"
