"""A function that a routine in C calls back, as a closed graph."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Builder, Graph, Node, Value
from interpreter import Journal

from ..active import current_session
from ..captures.guards import GuardMiss
from ..captures.outer import OuterDict, OuterList
from ..operations.raises import DID_NOT_RAISE
from ..program import InnerProgram
from ..regions.heap import changes_in
from ..tracers import ArrayTracer, Tracer
from ..tracing import trace_inside
from ..tree import flatten

if TYPE_CHECKING:
    from ..session import Session


def refusal(what: str, why: str | None = None, hint: str | None = None) -> Exception:
    """The error that says at the user's line what cannot be traced."""
    error: Exception = _session().error(what, why=why, hint=hint)
    return error


def value_of(x: Any) -> Value:
    """A tracer, number, array or nested list as one Value."""
    return _session().value(x)


def is_active(thing: Any) -> bool:
    """Whether a derivative depends on something: on a number of the arguments, not on one that was captured."""
    session = _session()
    leaves = [x for x in flatten(thing)[0] if isinstance(x, Tracer)]
    return any(session.example.is_active(session.value(x)) for x in leaves)


def trace_callback(fn: Callable[..., Any], args: Sequence[Any], routine: str) -> InnerProgram:
    """The closed graph of a function that `routine` calls as often as it likes, at arguments like `args`."""
    session = _session()
    effects = len(session.tape.sites)

    def look(journal: Journal, builder: Builder) -> None:
        changed = changes_in(session, journal).objects
        changed = [obj for obj in changed if not (_made_inside(obj, builder) or _only_read(obj) or obj is session.tape.items)]
        if changed or len(session.tape.sites) > effects:
            what = f"writes to a {changed[0].__class__.__name__} from outside it" if changed else "has effects"
            raise session.error(
                f"the function given to {routine}() {what}",
                why="how often it is called is for the routine to say, also where derivatives are taken",
                hint="let it return what it computes; print or store outside",
            )

    program = trace_inside(fn, args, look=look)
    count = len(program.arguments)
    for node in _bound_to_miss(program.graph, count):
        message = node.attrs["message"]
        raise session.error(
            f"the function given to {routine}() goes another way for other numbers, which cannot be kept as a branch",
            why=str(getattr(message, "value", message)), hint="write both ways with np.where, or give both arms results of the same types",
        )
    drawn = next((n for n in program.graph.walk() if n.op.effect and n.op is not ops.check), None)
    if drawn is not None:
        raise session.error(f"the function given to {routine}() draws random numbers or has effects ({drawn.op.name})",
                            hint="draw outside of it")
    return program


def _made_inside(obj: Any, builder: Builder) -> bool:
    return isinstance(obj, ArrayTracer) and obj._home is builder


def _only_read(obj: Any) -> bool:
    """Whether a list or dict from outside holds what it held there: it was filled, not written to."""
    if type(obj) is OuterList:
        return obj._filled and len(obj) == len(obj._lifted) and all(map(operator.is_, obj, obj._lifted))
    if type(obj) is OuterDict:
        return obj._filled and obj.keys() == obj._lifted.keys() and all(obj[k] is x for k, x in obj._lifted.items())
    return False


def _bound_to_miss(graph: Graph, count: int) -> list[Node]:
    """The guards that hold a graph to the first few inputs of the example."""
    moving = set(graph.inputs[:count])
    found = []
    for node in graph.nodes:
        if moving.isdisjoint(node.inputs):
            continue
        moving.update(node.outputs)
        inner = [node, *(n for region in node.regions for n in region.walk())]
        found += [n for n in inner if n.op is ops.check and _steers(n)]
    return found


def _steers(check: Node) -> bool:
    """Whether a check holds the program to a way taken; that nothing raises is another matter."""
    message = getattr(check.attrs.get("message"), "value", "")
    return getattr(check.attrs.get("error"), "value", None) is GuardMiss and message != DID_NOT_RAISE


def _session() -> Session:
    session = current_session()
    assert session is not None, "a callback outside a trace"
    return session
