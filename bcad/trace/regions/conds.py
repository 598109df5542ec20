"""The Cond that two arms become: only for results that differ, or where an arm does something."""

from __future__ import annotations

from bcad import ops
from bcad.ir import ArrayType, Value

from ..builder import constant_of, is_constant
from ..operations.raises import keep_raising
from .arms import Arm, operands_of


def cond_values(
    predicate: Value, arms: list[Arm], outputs: tuple[list[Value], list[Value]], types: dict[int, ArrayType]
) -> list[Value]:
    """The results of a Cond with these outputs; none is made where both arms give the same.

    `types` are those of outputs whose sizes differ from arm to arm.
    """
    for arm, values in zip(arms, outputs, strict=True):
        keep_raising(arm.builder, values)
    results: list[Value | None] = [
        _without_cond(predicate, arms, a, b) for a, b in zip(*outputs, strict=True)
    ]
    wanted = [k for k, r in enumerate(results) if r is None]
    effects = any(ops.has_effect(node) for arm in arms for node in arm.builder.nodes)
    if wanted or effects:
        with arms[0].builder:
            first = [arms[0].builder.as_value(outputs[0][k]) for k in wanted]
        with arms[1].builder:
            second = [arms[1].builder.as_value(outputs[1][k]) for k in wanted]
        operands = operands_of(*arms)
        graphs = (arms[0].graph(operands, first), arms[1].graph(operands, second))
        given = {"types": tuple(types.get(k, v.type) for k, v in zip(wanted, first, strict=True))} if types else {}
        made = ops.cond(predicate, *operands, regions=graphs, **given)
        for k, value in zip(wanted, made, strict=True):
            results[k] = value
    return results  # type: ignore[return-value]


def _without_cond(predicate: Value, arms: list[Arm], a: Value, b: Value) -> Value | None:
    """The result if it needs no Cond: the same outer value in both arms, or the predicate itself."""
    outer = [_outer(arm, v) for arm, v in zip(arms, (a, b), strict=True)]
    if outer[0] is not None and outer[0] is outer[1]:
        return outer[0]
    if is_constant(a) and is_constant(b):
        first, second = constant_of(a), constant_of(b)
        if type(first) is bool and type(second) is bool and first is not second:
            if first:
                return predicate
            return ops.BY_NAME["logical_not"](predicate)
    return None


def _outer(arm: Arm, value: Value) -> Value | None:
    for outside, inside in arm.builder.captured.items():
        if inside is value:
            return outside
    return None
