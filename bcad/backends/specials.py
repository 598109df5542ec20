"""How the ops are lowered that are neither elements nor reductions; which ops have a rule at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bcad.ir import Node, Value
from bcad.ops import Elementwise, Reduction

from .columns import WRITES, writes_columns
from .elements import ELEMENT

if TYPE_CHECKING:
    from .scope import Scope

Special = Callable[["Scope", Node, int], None]
SPECIAL: dict[str, Special] = {}  # ops that are neither elements nor reductions
OPERANDS: dict[str, Callable[[Node], Sequence[Value]]] = {}  # which of their operands must be in memory


def special(*names: str, operands: Callable[[Node], Sequence[Value]] | None = None) -> Callable[[Special], Special]:
    """Declare how a node is lowered: ``rule(scope, node, step)`` gives its results by `scope.bind`."""

    def enter(rule: Special) -> Special:
        for name in names:
            SPECIAL[name] = rule
            OPERANDS[name] = operands or (lambda node: node.inputs)
        return rule

    return enter


def declare() -> None:
    """Have every module enter its specials."""
    from . import (  # noqa: F401
        lower_banded,
        lower_control,
        lower_factors,
        lower_fourier,
        lower_index,
        lower_linalg,
        lower_loops,
        lower_products,
        lower_search,
        lower_sort,
        lower_triangles,
    )


def has_rule(node: Node) -> bool:
    """Whether anything here lowers nodes of this op; its rule may still refuse some of them."""
    declare()
    return isinstance(node.op, (Elementwise, Reduction)) or node.op.name in ELEMENT or node.op.name in SPECIAL


def is_element(node: Node) -> bool:
    """Whether one element of the node's result can be written in terms of elements of its inputs."""
    return isinstance(node.op, Elementwise) or node.op.name in ELEMENT and (node.op.name not in WRITES or writes_columns(node))
