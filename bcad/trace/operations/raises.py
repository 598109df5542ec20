"""Python's own exceptions on traced Python numbers: where user code may catch them, and where nothing reads the result."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Builder, Graph, Kind, Literal, Node, Value, live_part
from interpreter import may_catch

from ..builder import constant_of, is_constant
from ..captures.guards import GuardMiss
from .failing import Condition, broken, conditions
from .faults import exception_of

if TYPE_CHECKING:
    from ..session import Session

DIVISIONS = frozenset(("divide", "floor_divide", "remainder"))

DID_NOT_RAISE = "it did not raise"


def may_raise(node: Node) -> bool:
    """Whether Python may raise where it computes what `node` does."""
    if getattr(node.op, "raises", None) is None or node.output.type.kind is not Kind.PYTHON:
        return False
    divisor = node.inputs[-1]
    return not (node.op.name in DIVISIONS and is_constant(divisor) and constant_of(divisor) != 0)


def may_be_caught(session: Session, *kinds: type) -> bool:
    """Whether a handler (the user's, or of what we have written in Python) stands around what is evaluated now.

    With `kinds`, one that may be for an exception of these classes.
    """
    frame = session.frame
    while frame is not None:
        if kinds:
            if any(may_catch(frame, kind) for kind in kinds):
                return True
            frame = frame.back
            continue
        entry = frame.code.handler_at(max(frame.pc - 1, 0))
        if entry is not None and frame.code.opcodes[entry.target] != "STOPITERATION_ERROR":  # every generator has that from 3.12 on
            return True
        frame = frame.back
    return False


def kinds_of(node: Node) -> tuple[type, ...]:
    """The classes of what Python may raise where it computes what `node` does."""
    error = exception_of(node)
    return (type(error),) if error is not None else (ZeroDivisionError, OverflowError, ValueError, TypeError)


def held(session: Session, node: Node) -> Value:
    """The result of `node`, once it is settled whether it raises: by the example, and later calls are held to it.

    Where the instruction computes nothing else both ways are followed: see `caught`. Where there is no example, in the body of
    a loop, it is supposed not to raise.
    """
    from ..regions.caught import Fault, is_branch

    session.settled.add(node)
    error = partial(exception_of, node)
    branches = error() is not None and is_branch(session)
    if branches:
        session.builder.withdraw(node)  # type: ignore[attr-defined]
    safe, flag = _safely(node)
    if branches:
        assert session.frame is not None
        session.faults.append(Fault(session.frame, session.builder, session.as_bool(flag), error))  # type: ignore[arg-type]  # it is not None
        return ops.BY_NAME["as_kind"](safe, kind=Kind.PYTHON, dtype=node.output.dtype)
    if session.bodies and not session.example.known(flag):
        session.suppose_not(flag, DID_NOT_RAISE)
        return ops.BY_NAME["as_kind"](safe, kind=Kind.PYTHON, dtype=node.output.dtype)
    if session.concrete(flag, "whether an exception that may be caught is raised"):
        if not session.example.is_static(flag):
            ops.check(ops.BY_NAME["logical_not"](flag), message=Literal("it raised"), error=Literal(GuardMiss))
        node.op.evaluate(*(session.concrete(v) for v in node.inputs), **node.attrs)
        return node.output
    if session.example.is_static(flag):
        return node.output
    ops.check(flag, message=Literal(DID_NOT_RAISE), error=Literal(GuardMiss))
    return ops.BY_NAME["as_kind"](safe, kind=Kind.PYTHON, dtype=node.output.dtype)


def _safely(node: Node) -> tuple[Value, Value]:
    """The result as a NumPy scalar, which never raises, and a flag: Python raises."""
    op: Any = node.op
    inputs = [ops.BY_NAME["as_kind"](v, kind=Kind.SCALAR, dtype=v.dtype) for v in node.inputs]
    safe = op(*inputs, **node.attrs)
    return safe, Builder.current().as_value(op.raises(safe, *inputs))  # a known divisor makes it a plain bool


def keep_raising(builder: Any, outputs: list[Value]) -> None:
    """Let the nodes of a finished builder that may raise do so, although nothing reads their results."""
    session = builder.session
    if not any(may_raise(node) or node in session.failing or node.regions for node in builder.nodes):
        return
    live = set(live_part(Graph(builder.inputs, builder.nodes, outputs, builder.name)).nodes)
    known = {c for node in live if node in session.failing for c in conditions(node)}
    for node in list(builder.nodes):
        if node in live:
            continue
        if node not in session.settled and may_raise(node):
            with builder:
                _require(node)
        elif node in session.failing:
            with builder:
                _require_conditions(node, known)
        elif any(_raises_inside(region, session) for region in node.regions):
            first, *others = node.regions  # the condition of a loop stays as it is
            checked = [_checked(r, session) for r in (others if node.op.name == "cond" else ())]
            with builder:
                builder.emit(node.op, *node.inputs, regions=(_checked(first, session), *(checked or others)), location=node.location,
                             **node.attrs)


def _require(node: Node) -> None:
    """Raise in a run where `node` does."""
    _, flag = _safely(node)
    ops.check(flag, message=Literal(f"{node.op.name} raises"), error=Literal(ArithmeticError))


def _require_conditions(node: Node, known: set[Condition]) -> None:
    """The same of what NumPy computes, but for what is required already."""
    for condition in conditions(node):
        if condition not in known:
            known.add(condition)
            flag = ops.BY_NAME["as_kind"](broken(condition), kind=Kind.PYTHON, dtype=np.dtype(bool))
            ops.check(flag, message=Literal(f"{node.op.name} raises"), error=Literal(ValueError))


def _raises_inside(region: Graph, session: Session) -> bool:
    return any(_raises(node, session) for node in region.walk())


def _raises(node: Node, session: Session) -> bool:
    return may_raise(node) and node not in session.settled or node in session.failing


def _checked(region: Graph, session: Session) -> Graph:
    """A region whose nodes raise although it is run for nothing else."""
    builder = Builder(name=region.name)
    known: set[Condition] = set()
    with builder:
        mapping = {v: builder.input(v.type, v.name) for v in region.inputs}
        for node in region.nodes:
            inner = [_checked(r, session) if _raises_inside(r, session) and (node.op.name == "cond" or k == 0) else r
                     for k, r in enumerate(node.regions)]
            found = builder.emit(node.op, *(mapping[v] for v in node.inputs), regions=tuple(inner), location=node.location, **node.attrs)
            mapping.update(zip(node.outputs, found if isinstance(found, tuple) else (found,), strict=True))
            if node in session.failing:
                made = mapping[node.outputs[0]].node
                assert made is not None
                _require_conditions(made, known)
            elif _raises(node, session):
                _require(builder.nodes[-1])
        return builder.build([mapping[v] for v in region.outputs])
