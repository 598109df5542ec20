"""The expression graph: types, sizes, values, nodes, builder, verifier, printer, reference meaning."""

from .assume import Assumptions, assuming, assumptions
from .builder import Builder, copy_node, freeze
from .dim import Dim, Size, bounds, maximum, minimum, natural, product, substitute, symbols
from .dim import evaluate as evaluate_size
from .evaluate import bind_sizes, evaluate, resolve, run_node
from .graph import Graph, Node, OpLike, Value
from .live import has_effect, live_part, symbols_of, type_symbols
from .parser import OPS, GraphSyntaxError, parse
from .printer import Names, attribute_class, objects_of, text
from .structural import Constant, DimValue, Literal, constant_op, dim_op
from .types import (
    ArrayType,
    Kind,
    ObjectType,
    Type,
    array_type,
    as_kind,
    python_type,
    scalar_type,
    type_of,
)
from .verify import IllegalGraph, verify

__all__ = [
    "ArrayType", "Assumptions", "Builder", "Constant", "Dim", "DimValue", "Graph", "IllegalGraph", "Kind", "Literal",
    "Names", "Node", "ObjectType", "OpLike", "Size", "Type", "Value", "array_type", "as_kind", "assuming", "assumptions",

    "bind_sizes", "constant_op", "copy_node", "dim_op", "evaluate", "evaluate_size", "bounds", "freeze", "has_effect", "live_part",
    "maximum", "minimum", "natural", "product", "python_type", "resolve", "run_node", "scalar_type",
    "GraphSyntaxError", "OPS", "attribute_class", "objects_of", "parse",
    "substitute", "symbols", "symbols_of", "text", "type_of", "type_symbols", "verify",
]
