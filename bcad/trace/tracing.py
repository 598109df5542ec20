"""trace(): evaluate a function under `GraphDomain` with tracers for its numbers, under a journal."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import Builder, Graph, Value, assuming, symbols, type_of
from interpreter import Journal, decode, evaluate

from .active import current_session
from .builder import TraceBuilder
from .calls import hosts
from .captures.copied import Copies, OwnContainers
from .captures.outer import MIRRORS
from .captures.sources import Argument, Source
from .effects.changes import collect, replayed
from .effects.effects import Effect
from .effects.leaving import Maker
from .operations.raises import keep_raising
from .program import InnerProgram, Program
from .restart import Lessons, Restart
from .results import Plan, is_plain_number
from .session import Session
from .tracers import ArrayTracer, ObjectTracer, SizeTracer, Tracer, ValueTracer, has_traced
from .tree import Path, Tree, flatten

MAX_RESTARTS = 64


def trace(
    fn: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: dict[str, Any] | None = None,
    *,
    symbolic: frozenset[Source] = frozenset(),
    expand: Callable[[Graph], Graph] | None = None,
    avoid: frozenset[Any] = frozenset(),
) -> Program:
    """Trace ``fn(*args, **kwargs)``.

    Parameters
    ----------
    fn : callable
        Ordinary Python and NumPy; any callable that the evaluator can step into.
    args, kwargs
        An example call. Floats, NumPy scalars and arrays in them, also nested, become inputs;
        everything else is guarded.
    symbolic : frozenset of Source
        Places of ints that are inputs although they are Python ints (see `Guard.source`).
    expand : callable, optional
        ``bcad.diff.expand``: lets control flow depend on derivatives.
    avoid : frozenset, optional
        Loops that are not to be kept (see `Program.suppositions`).

    Returns
    -------
    Program

    Raises
    ------
    LocatedError
        At the user's line, if something cannot be traced.
    """
    lessons = Lessons(symbolic, avoid)
    for _ in range(MAX_RESTARTS):
        session = Session(_name_of(fn), expand, lessons)
        try:
            return _trace(session, fn, tuple(args), dict(kwargs or {}))
        except Restart as restart:
            lessons = restart.learn(lessons)
        finally:
            session.alive = False
    raise session.error("tracing does not come to an end: too many ints change from call to call")


def _trace(session: Session, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Program:
    leaves, tree = flatten((args, kwargs))
    with session.active(), session.streams(), session.journal() as journal, assuming(session.assumptions), session.root:
        names = _leaf_names(fn, tree)
        lifted = [session.captures.argument(x, Argument(k, names[k])) for k, x in enumerate(leaves)]
        function = session.captures.root(fn)
        call_args, call_kwargs = tree.unflatten(lifted)
        session.copies = Copies((call_args, tuple(call_kwargs.values())))
        result = evaluate(function, call_args, call_kwargs, session.domain)
        if session.failure is not None:  # the user's code swallowed it
            raise session.failure
        own = session.copies.guard(session, journal, args, kwargs, leaves)
        return _finish(session, journal, tree, lifted, result, own)


def _finish(session: Session, journal: Journal, tree: Tree, lifted: list[Any], result: Any, own: OwnContainers | None) -> Program:
    outputs = _Outputs(session)
    planned = Plan(session, result, outputs.position)
    count = len(outputs.values)
    planned.plan_kinds()
    effects: list[Effect] = [*session.tape.effects(), *collect(session, journal)]
    maker = Maker(session, outputs.position)
    for effect in effects:
        effect.plan(maker)
    keep_raising(session.root, outputs.values)
    graph = session.root.build(outputs.values)
    kept = _used_inputs(session, graph)
    graph = Graph(kept, graph.nodes, graph.outputs, graph.name)
    sources = [s for v, s in session.inputs if v in set(kept) and s is not None]
    place = {v: k for k, v in enumerate(kept)}
    arguments: dict[Path, int] = {}
    for path, leaf in zip(tree.paths(), lifted, strict=True):
        if isinstance(leaf, (ArrayTracer, ValueTracer)):
            arguments[path] = place[session.captures.input_of(leaf)]
    return Program(graph, tree, arguments, sources, session.guards, planned, count, effects, maker, session.sizes,
                   [f"{code.co_name}:{_line(code, pc)}: {reason}" for (code, pc), reason in session.reasons.items()],
                   session.assumptions.guarded(), frozenset(session.supposing), list(session.assumptions.relied), own)


def _line(code: Any, pc: int) -> Any:
    return decode(code).location(pc).line


def _used_inputs(session: Session, graph: Graph) -> list[Value]:
    """All arguments, and the captures that something reads (or whose sizes may be)."""
    used = graph.uses()
    return [
        v for v, source in session.inputs
        if v in used or isinstance(source, Argument) or any(map(symbols, getattr(v.type, "shape", ())))
    ]


class _Outputs:
    """The outputs of a graph being finished: each traced leaf has its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.values: list[Value] = []

    def position(self, leaf: Any) -> int:
        """Where the Value of a traced leaf, or of a plain number, stands from now on."""
        value = self.session.builder.as_value(self.session.unwrap(leaf))
        self.values.append(value)
        return len(self.values) - 1


# -- inside traced code ---------------------------------------------------------------------------
def inside() -> bool:
    """Whether this thread is tracing: a transform called now works on traced values."""
    return current_session() is not None


def wrap(value: Any) -> Any:
    """What traced code sees in place of a Value (or a tuple or list of them)."""
    session = current_session()
    assert session is not None, "wrap() outside a trace"
    return session.wrap(value)


def host_call(fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], *, effect: bool = False) -> Any:
    """A call that CPython makes with plain values at every run, once and in order if it is an `effect`."""
    session = current_session()
    assert session is not None, "host_call() outside a trace"
    leaves, tree = flatten((tuple(args), dict(kwargs)))
    values = [session.value(x) for x in leaves if isinstance(x, Tracer)]
    args, kwargs = tree.unflatten([_from_outside(x) for x in leaves])
    return hosts.run_at_each_call(session, _from_outside(fn), tuple(args), kwargs, values, effect=effect)


def _from_outside(x: Any) -> Any:
    """The list or dict from outside that a mirror stands for, or its bound method."""
    if type(x) in MIRRORS:
        return x._original
    owner: Any = getattr(x, "__self__", None)
    return getattr(owner._original, x.__name__) if type(owner) in MIRRORS else x


def is_traced(thing: Any) -> bool:
    """Whether a value, or something inside it, is traced."""
    return has_traced(thing)


def leaf_type(leaf: Any) -> Any:
    """The type of a number or array, traced or not; None for anything else."""
    if isinstance(leaf, (ArrayTracer, ValueTracer)) and type(leaf) is not ObjectTracer:
        return leaf._read().type
    if type(leaf) is np.ndarray or isinstance(leaf, np.generic) or type(leaf) in (bool, int, float, complex):
        return type_of(leaf)
    return None


def trace_inside(
    fn: Callable[..., Any], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None,
    look: Callable[[Journal, Builder], None] | None = None,
) -> InnerProgram:
    """Trace a call made in traced code into a closed region of its own.

    Parameters
    ----------
    fn, args, kwargs
        The call; numbers among the leaves of the arguments become inputs of the region.
    look : callable, optional
        ``look(journal, builder)`` is called when all is traced, before the writes are undone.

    Returns
    -------
    InnerProgram
    """
    session = current_session()
    assert session is not None, "trace_inside() outside a trace"
    leaves, tree = flatten((tuple(args), dict(kwargs or {})))
    parent = Builder.current()
    child = TraceBuilder(session, parent, _name_of(fn))
    names = _leaf_names(fn, tree)
    inputs: list[Value] = []
    inner = [_inner_leaf(session, parent, child, x, name, inputs) for x, name in zip(leaves, names, strict=True)]
    with child, session.journal() as journal:
        call_args, call_kwargs = tree.unflatten(inner)
        result = evaluate(fn, call_args, call_kwargs, session.domain)
        found, result_tree = flatten(result)
        outputs = _Outputs(session)
        places = [outputs.position(x) if isinstance(x, Tracer) or is_plain_number(x) else None for x in found]
        count = len(outputs.values)
        if look is not None:
            look(journal, child)
        redo = replayed(session, journal, outputs.position)
    keep_raising(child, outputs.values)
    graph = child.build(outputs.values)
    inputs += list(child.captured)

    def rebuild(values: Sequence[Any]) -> Any:
        redo([session.wrap(v) for v in values])
        leaves = [session.wrap(values[p]) if isinstance(x, Tracer) else x for x, p in zip(found, places, strict=True)]  # type: ignore[index]
        return result_tree.unflatten(leaves)

    arguments = {path: k for k, path in enumerate(
        path for path, leaf in zip(tree.paths(), inner, strict=True) if isinstance(leaf, (ArrayTracer, ValueTracer))
    )}
    return InnerProgram(graph, inputs, arguments, count, rebuild)


def _inner_leaf(
    session: Session, parent: Builder, child: TraceBuilder, leaf: Any, name: str, inputs: list[Value]
) -> Any:
    """The stand-in of an argument's leaf inside the region."""
    kind = type(leaf)
    if kind is SizeTracer or not (isinstance(leaf, (Tracer, np.ndarray, np.generic)) or kind in (float, complex)):
        return leaf
    outer = session.value(leaf)
    value = child.input(outer.type, name)
    child.stands_for[value] = outer
    inputs.append(outer)
    return session.wrap(value)


# -- names ------------------------------------------------------------------------------------------
def _name_of(fn: Any) -> str:
    name = getattr(fn, "__name__", None) or type(fn).__name__
    return name if name.isidentifier() else "f"


def _leaf_names(fn: Any, tree: Tree) -> list[str]:
    """For each leaf of ``(args, kwargs)`` a name: the parameter's, then the keys."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = []
    for where, first, *rest in tree.paths():
        base = first if where == 1 else positional[first] if first < len(positional) else f"arg{first}"
        names.append("_".join(str(part) for part in (base, *rest)))
    return names


