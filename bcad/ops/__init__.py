"""Every op, each declared in one place; the registry that the other floors read."""

from bcad.ir import OPS, attribute_class, has_effect

from . import (
    arithmetic,
    banded,
    by_value,
    complexes,
    convert,
    cosine_transforms,
    create,
    diagonal,
    distances,
    elementwise,
    fft,
    fft_op,
    filters,
    grids,
    image_splines,
    index,
    interpolation,
    join,
    kinds,
    layout,
    lazy,
    linalg,
    linalg_op,
    linalg_spectral,
    logic,
    mathfuncs,
    matrix_functions,
    multivariate,
    mutate,
    norm,
    operators,
    per_element,
    power,
    products,
    products_op,
    quantiles,
    reduce,
    reduce_op,
    reduceat,
    scan_op,
    scipy_linalg,
    selection,
    shape,
    sort,
    special,
    special_more,
    special_op,
    splitting,
    stats,
    stdlib_twins,
    stop,
    take,
    ufunc_methods,
    windows,
)
from .arguments import NotConcrete, Uncomputable, size_leaves
from .control import (
    CheckFailed,
    RegionError,
    check,
    checkpoint,
    cond,
    derivative,
    fresh_size,
    known_size,
    loop,
    operands_of,
    stack_length,
    tangent_type,
)
from .elementwise_op import Elementwise, accumulate, to_cotangent, unbroadcast
from .extent import LONGEST, bind, extent
from .host import custom, host, host_effect
from .index_op import scatter_zero
from .index_template import Part, Span
from .index_template import fill as fill_index
from .kinds import CONVERTS_ONE_ELEMENT, one_number
from .lazy import lookup, lookup_derived
from .mutate import MUTATES, MUTATING_METHODS
from .op import (
    BY_NAME,
    DERIVED,
    FUNCTIONS,
    METHODS,
    PARTS,
    PROPERTIES,
    NotDeclared,
    Op,
    Zero,
    derived,
    implements,
    materialize,
)
from .outputs import CONTIGUOUS, storing, take_out
from .per_element import of_each, told_apart
from .reduce_op import Reduction
from .shapes import ShapeError

__all__ = [
    "BY_NAME", "CONTIGUOUS", "CONVERTS_ONE_ELEMENT", "CheckFailed", "DERIVED", "MUTATES", "MUTATING_METHODS", "NotConcrete", "Uncomputable", "Elementwise", "FUNCTIONS", "METHODS", "NotDeclared", "Op", "PARTS", "PROPERTIES",
    "LONGEST", "Part", "Span",
    "Reduction", "ShapeError", "Zero", "accumulate", "derived", "implements", "materialize",
    "RegionError", "bind", "check", "checkpoint", "cond", "custom", "derivative", "extent", "fill_index", "fresh_size", "has_effect", "host", "host_effect",
    "known_size", "lookup", "lookup_derived", "loop", "of_each", "one_number", "operands_of", "scatter_zero", "size_leaves", "stack_length", "storing", "take_out", "tangent_type", "to_cotangent", "told_apart", "unbroadcast",
]

OPS.append(BY_NAME.get)  # a graph's text names its ops
for _cls in (Part, Span):
    attribute_class(_cls)
