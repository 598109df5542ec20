"""The arguments of an exported function: its parameters, how they are taken apart, what is refused."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.backends import SizeText
from bcad.errors import Unsupported
from bcad.ir import ArrayType, Dim, Kind, Names, Value
from bcad.literal_text import literal
from bcad.shortest import shortest
from bcad.trace import (
    STREAMS,
    Absent,
    Apart,
    Argument,
    Attribute,
    Distinct,
    HasClass,
    HasElements,
    HasFlag,
    HasKey,
    HasKeys,
    HasLength,
    HasStrides,
    HasType,
    HasValue,
    IsObject,
    Item,
    Result,
    Same,
    SizeRelation,
    State,
    Tree,
)  # fmt: skip

ARRAY = '''def _array(name, x, dtype, *shape):
    """x as an array of this dtype and shape (None: any length from LEAST on); anything else is refused."""
    array = np.asarray(x)
    if array.ndim != len(shape):
        raise ValueError(f"{name} must have {len(shape)} axes, not {array.ndim}")
    for axis, (length, wanted) in enumerate(zip(array.shape, shape)):
        if length != wanted and (wanted is not None or length < LEAST):
            raise ValueError(f"{name}.shape[{axis}] must be {'LEAST or more' if wanted is None else wanted}, not {length}")
    if (array.dtype == bool) != (dtype == "bool"):
        raise TypeError(f"{name} must be of {dtype}, not {array.dtype}")
    return array.astype(dtype, casting="safe", copy=False)'''

RESERVED = frozenset({"np", "special", "math", "cmath", "operator", "_array"})
_OWN_PARAMETERS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Arguments:
    """What stands between a call of an exported function and the names that its text computes with.

    Parameters
    ----------
    program : Program
        What was traced.
    fn : callable
        The user's function, for the names of its parameters.
    names : sequence of str
        What the text calls each input of the program's graph.
    typed : bool
        Whether the text may ask for the class of a value: numba knows none while it runs, and takes containers as
        tuples of what they hold, in the order of their keys.

    Attributes
    ----------
    helpers : dict
        Functions and imports that the lines need, by name.
    leaves : list of str
        For each leaf of the arguments the expression that gives it.
    streams : dict
        The streams of random numbers that the text draws from, by name: those that are no arguments become
        parameters, for a module has no stream that could be the one that was traced.
    """

    def __init__(self, program: Any, fn: Any, names: Sequence[str], typed: bool = True) -> None:
        self.program, self.names, self.typed = program, names, typed
        self.helpers: dict[str, str] = {}
        self.streams: dict[str, Any] = {}
        self._passed = _stream_leaves(program.guards)
        self.shortest = shortest(program)
        self._own = _parameters_of(fn)
        positional, keywords = program.tree.children
        self._bases: dict[tuple[int, Any], str] = {(0, k): self._positional(k) for k in range(len(positional.children))}
        self._bases.update({(1, name): _parameter(name) for name in keywords.keys})
        self.leaves = [self._expression(path) for path in program.tree.paths()]

    def _positional(self, position: int) -> str:
        own = [p.name for p in self._own if p.kind in _OWN_PARAMETERS]
        return _parameter(own[position]) if position < len(own) else f"arg{position}"

    def positional(self) -> list[str]:
        """The names of the arguments that were passed by position."""
        return [name for place, name in self._bases.items() if place[0] == 0]

    def parameters(self) -> str:
        """The parameters as they are declared: in the function's order, by keyword only behind a gap."""
        left = {place: name for place, name in self._bases.items() if place[0] == 0}
        shown = list(left.values())
        own = [p for p in self._own if p.kind in _OWN_PARAMETERS][len(left) :]
        keywords = [place[1] for place in self._bases if place[0] == 1]
        keywords += [name for name, stream in self.streams.items() if self._leaf_of(stream) is None]
        while own and own[0].name in keywords:
            keywords.remove(own[0].name)
            shown.append(_parameter(own.pop(0).name))
        if keywords:
            shown += ["*", *map(_parameter, keywords)]
        return ", ".join(shown)

    def call(self) -> str:
        """The same parameters as arguments of a call from function to function."""
        shown, _, keywords = self.parameters().partition("*, ")
        named = [f"{name}={name}" for name in keywords.split(", ") if name]
        return shown + ", ".join(named)

    # -- lines ---------------------------------------------------------------------------------
    def lines(self) -> list[str]:
        """Take the arguments apart; refuse those for which the text does not hold."""
        positional, keywords = self.program.tree.children
        lines = []
        for place, tree in [((0, k), t) for k, t in enumerate(positional.children)] + [
            ((1, k), t) for k, t in zip(keywords.keys, keywords.children, strict=True)
        ]:
            lines += self._nest(self._bases[place], tree)
        for name, value, source in zip(self.names, self.program.graph.inputs, self.program.sources, strict=False):
            if isinstance(source, Argument):
                where = self.leaves[source.index]
                line = f"{name} = {self._converted(where, value.type)}"
                lines += [line] if line != f"{name} = {name}" else []
        lines += self.guards()
        for name, stream in self.streams.items():
            leaf = self._leaf_of(stream)
            lines += [] if leaf is None or leaf == name else [f"{name} = {leaf}"]
        return lines

    def _leaf_of(self, stream: Any) -> str | None:
        """The argument that a stream was passed as, if it was."""
        found = (leaf for leaf, known in self._passed.items() if known is stream)
        return next((self.leaves[leaf] for leaf in found), None)

    def guards(self) -> list[str]:
        """Refuse arguments for which what the trace relied on does not hold."""
        return [
            line for condition in self.conditions()
            for line in (f"if not ({condition}):", f"    raise ValueError({f'this holds for {condition} only'!r})")
        ]

    def conditions(self) -> list[str]:
        """What the trace relied on, as far as arguments can tell."""
        sizes = self._sizes()
        relied = (*self.program.guards, *self.shortest.relied)
        return list(dict.fromkeys(filter(None, (self._condition(guard, sizes) for guard in relied))))

    def where(self, position: int) -> str:
        """The expression for an input that is an argument."""
        return self.leaves[self.program.sources[position].index]

    def _nest(self, text: str, tree: Tree) -> list[str]:
        """Checks that a container is nested as it was."""
        if tree.cls is None:
            return []
        cls, lines = tree.cls.__name__, []
        if issubclass(tree.cls, dict):
            lines = [f"if tuple({text}) != {tree.keys!r}:", f"    raise ValueError({f'{text} must have the keys {tree.keys}'!r})"]
        elif tree.cls in (list, tuple):
            lines = [
                f"if type({text}) is not {cls} or len({text}) != {len(tree.keys)}:",
                f"    raise ValueError({f'{text} must be a {cls} of {len(tree.keys)}'!r})",
            ]
        for key, child in zip(tree.keys, tree.children, strict=True):
            lines += self._nest(_item(text, tree, key), child)
        return lines

    def _expression(self, path: tuple[Any, ...]) -> str:
        """A leaf of the arguments: ``p['w'][0]``."""
        tree = self.program.tree.children[path[0]]
        tree = tree.children[tree.keys.index(path[1])]
        text = self._bases[path[0], path[1]]
        for key in path[2:]:
            position = tree.keys.index(key)
            text = _item(text, tree, key) if self.typed else f"{text}[{position}]"
            tree = tree.children[position]
        return text

    def _converted(self, text: str, type_: Any) -> str:
        """An argument as the kind of number or array that was traced."""
        if not isinstance(type_, ArrayType):
            raise Unsupported(f"the argument {text} is a {type_}, which a module cannot take")
        if type_.kind is Kind.PYTHON and type_.python_type is int:
            self.helpers["operator"] = "import operator"
            return f"operator.index({text})"
        self.helpers["_array"] = ARRAY.replace("LEAST", str(self.shortest.length))
        shape = "".join(f", {None if isinstance(n, Dim) else n}" for n in type_.shape)
        array = f"_array({text!r}, {text}, {type_.dtype.name!r}{shape})"
        return array + {Kind.ARRAY: "", Kind.SCALAR: "[()]", Kind.PYTHON: ".item()"}[type_.kind]

    # -- guards ----------------------------------------------------------------------------------
    def _sizes(self) -> SizeText:
        """Sizes by the symbols that guards mention: those of each input before equal ones became one."""
        program, names, values = self.program, Names(), []
        types = {g.where: g.type for g in program.guards if isinstance(g, HasType)}
        for k, source in enumerate(program.sources):
            value = Value(types.get(source, program.graph.inputs[k].type), None, None)
            names._given[value] = self.names[k]
            values.append(value)
        return SizeText(values, names, "np.")

    def _condition(self, guard: Any, sizes: SizeText) -> str:
        """What the trace relied on as a condition on arguments; empty if it is about what the module froze."""
        if isinstance(guard, SizeRelation):
            left, right = _apart(guard.left, guard.right)
            return f"{sizes.of(left)[0]} {guard.symbol} {sizes.of(right)[0]}"
        if isinstance(guard, (Same, Apart)):
            of_stream = any(getattr(_root(s), "index", None) in self._passed for s in (guard.where, guard.other))
            return "" if of_stream else self._aliasing(guard)
        if isinstance(guard, Distinct):
            ours = [self._where(place) for place in guard.places if _is_argument(place)]
            return f"len({{{', '.join(f'id({text})' for text in ours)}}}) == {len(ours)}" if len(ours) > 1 else ""
        if isinstance(guard, HasType) or not _is_argument(guard.source):
            return ""
        leaf = _root(guard.source)
        if leaf.index in self._passed:  # any stream of that class will do
            cls = type(self._passed[leaf.index]).__name__
            return f"isinstance({self.leaves[leaf.index]}, np.random.{cls})" if guard.source == leaf else ""
        text = self._where(guard.source)
        if isinstance(guard, HasValue):
            return _equals(text, guard.value) if self.typed else f"{text} == {guard.value!r}"
        if isinstance(guard, HasLength):
            return f"len({text}) == {guard.length}"
        if not self.typed and isinstance(guard, (HasKeys, HasKey)):
            return ""
        if isinstance(guard, HasKeys):
            return f"tuple({text}) == {guard.keys!r}"
        if isinstance(guard, HasKey):
            return f"{guard.key!r} {'in' if guard.present else 'not in'} {text}"
        if isinstance(guard, HasElements):
            return f"type({text}) is {guard.cls.__name__} and {text} == {set(guard.elements)!r}"
        if isinstance(guard, Absent):
            return f"not hasattr({text}, {guard.name!r})"
        if isinstance(guard, HasFlag):
            return f"{text}.flags.{guard.flag} is {guard.value}"
        if isinstance(guard, HasStrides):
            return f"{text}.shape == {guard.shape} and {text}.strides == {guard.strides}"
        known = _known(guard.obj) if isinstance(guard, IsObject) else ""
        if not known:
            what = guard.cls.__name__ if isinstance(guard, HasClass) else getattr(guard, "obj", guard)
            raise Unsupported(
                f"a function with an object as its argument {text} cannot be exported",
                why=f"a module cannot tell whether it was given this {what} again",
                hint="export a lambda of the numbers and arrays alone",
            )
        return f"{text} is {known}"

    def _aliasing(self, guard: Any) -> str:
        ours = [_is_argument(s) for s in (guard.where, guard.other)]
        if not all(ours):
            if any(ours) and isinstance(guard, Same) and guard.same:
                raise Unsupported(f"{guard}: a module cannot tell", hint="trace it with a copy of the argument")
            return ""
        a, b = self._where(guard.where), self._where(guard.other)
        if isinstance(guard, Apart):
            return f"np.shares_memory({a}, {b}) is False"
        return f"{a} {'is' if guard.same else 'is not'} {b}"

    def _where(self, source: Any) -> str:
        if isinstance(source, Argument):
            return self.leaves[source.index]
        if isinstance(source, Attribute):
            return f"{self._where(source.parent)}.{source.name}"
        if isinstance(source, Result):
            raise Unsupported(f"{source} cannot be exported", hint="pass what it gives as an argument")
        return f"{self._where(source.parent)}[{literal(source.key)}]"


def outdated(program: Any) -> Any:
    """The first guard on something outside that does not hold now, for which a call would be traced anew; None if all do."""
    for guard in program.guards:
        if isinstance(guard, (SizeRelation, HasType)):  # the text checks them
            continue
        sources = [s for s in (guard.source, getattr(guard, "other", None)) if s is not None]
        if any(map(_is_argument, sources)):
            continue
        try:
            holds = guard.holds(State((), {}))
        except Exception:  # what it is about is not there any more
            return guard
        if not holds:
            return guard
    return None


def _apart(left: Any, right: Any) -> tuple[Any, Any]:
    """``n >= 3`` for ``n - 2 >= 1``."""
    number = next((c for monomial, c in left.terms if not monomial), 0) if isinstance(left, Dim) and isinstance(right, int) else 0
    return (left - number, right - number) if number else (left, right)


def _parameters_of(fn: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        return []


def _parameter(name: str) -> str:
    return f"{name}_" if name in RESERVED else name


def _item(text: str, tree: Tree, key: Any) -> str:
    """One child of a container."""
    assert tree.cls is not None
    by_key = issubclass(tree.cls, dict) or not hasattr(tree.cls, "_fields") and hasattr(tree.cls, "__getitem__")
    return f"{text}[{literal(key)}]" if by_key else f"{text}.{key}"


def _root(source: Any) -> Any:
    """What a source leads to by attributes and items."""
    while isinstance(source, (Attribute, Item)):
        source = source.parent
    return source


def _is_argument(source: Any) -> bool:
    """Whether a source leads to an argument, not to what is read from outside."""
    source = _root(source)
    if isinstance(source, Result):
        return any(map(_is_argument, (source.function, *source.args)))
    return isinstance(source, Argument)


def _stream_leaves(guards: Any) -> dict[int, Any]:
    """The streams of random numbers that were passed as arguments, by the position of the leaf."""
    found = [(_root(g.source), g.obj) for g in guards if isinstance(g, IsObject) and isinstance(g.obj, STREAMS)]
    return {root.index: stream for root, stream in found if isinstance(root, Argument)}


def _equals(text: str, value: Any) -> str:
    """An int is not the float or the bool of the same number: ``range`` and ``~`` tell them apart."""
    if isinstance(value, np.dtype):
        return f"np.dtype({text}) == np.dtype({value.str!r})"
    if isinstance(value, np.generic):
        return f"type({text}) is np.{type(value).__name__} and {text} == {value.item()!r}"
    if type(value).__module__ != "builtins":
        raise Unsupported(f"a {type(value).__name__} as the argument {text} cannot be exported")
    return f"type({text}) is {type(value).__name__} and {text} == {value!r}"


def _known(obj: Any) -> str:
    """The name under which a module has the same object; empty if it has none."""
    if obj is None or obj is Ellipsis or isinstance(obj, bool):
        return repr(obj)
    name = getattr(obj, "__name__", "")
    if getattr(np, name, None) is obj:
        return f"np.{name}"
    return f"math.{name}" if getattr(math, name, None) is obj else ""
