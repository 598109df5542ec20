"""bcad: derivatives of plain Python and NumPy, printed as maths and compiled.

>>> import numpy as np
>>> from bcad import Gradient
>>> g = Gradient(lambda x: ((x + 1) ** 2).sum(), [np.zeros(3)])
>>> print(g)
f(x) = sum((x + 1)**2)
df/dx = 2*(x + 1)
"""

from bcad import cache, callbacks
from bcad.adjoint_code import transform, transform_expr
from bcad.custom import (
    Primitive,
    checkpoint,
    custom_jvp,
    custom_vjp,
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    primitive,
    stop_gradient,
)
from bcad.descent import adam, rmsprop, sgd
from bcad.display import graph_svg, to_dot
from bcad.errors import (
    BcadError,
    CompileError,
    NotDifferentiable,
    NotFinite,
    NotScalar,
    ShapeError,
    StructureError,
    TraceLimit,
    Unsupported,
)
from bcad.export import export_module, to_latex, to_numba, to_sympy
from bcad.fixed_point import fixed_point
from bcad.function import Function, Gradient, HessianVector, explain, function, gradient, hessian_vector, report
from bcad.insert import insert_grad_of
from bcad.objects import arrays_of, with_arrays
from bcad.optimize import fmin_bfgs, fmin_cg, fmin_l_bfgs_b, fmin_ncg, minimize
from bcad.options import options
from bcad.parallel import data_parallel
from bcad.products import (
    hessian_tensor_product,
    hessian_vector_product,
    make_ggnvp,
    make_hvp,
    make_jvp_reversemode,
    tensor_jacobian_product,
    vector_jacobian_product,
)
from bcad.programs import Symbolic, SymbolicValue, Tracer, VectorArg, as_symbolic, symbolic, theanify
from bcad.register import adjoint, register, tangent_
from bcad.solvers import curve_fit, least_squares, root, solve_ivp
from bcad.sparse import sparse_hessian, sparse_jacobian
from bcad.stochastic import FMinSGD, fmin_sgd
from bcad.tags import constant, escape, escaped_call, tag
from bcad.tangent import autodiff, stages
from bcad.testing import check_grads
from bcad.transforms import elementwise_grad, grad, hessian, jacobian, jvp, make_jvp, make_vjp, value_and_grad, vjp
from bcad.variants import deriv, grad_and_aux, grad_named, holomorphic_grad, multigrad_dict
from bcad.vectors import flatten, flatten_func

__version__ = "0.1.0"

__all__ = [
    "BcadError", "CompileError", "FMinSGD", "Function", "Gradient", "HessianVector",
    "NotDifferentiable", "NotFinite", "NotScalar", "Primitive", "ShapeError", "StructureError",
    "Symbolic", "SymbolicValue", "TraceLimit", "Tracer", "Unsupported", "VectorArg", "adam", "adjoint",
    "arrays_of", "as_symbolic", "autodiff", "cache", "check_grads", "checkpoint", "constant",
    "curve_fit", "custom_jvp", "custom_vjp", "data_parallel", "def_linear", "defjvp", "defjvp_argnum",
    "defjvp_argnums", "defvjp", "defvjp_argnum", "defvjp_argnums", "deriv", "elementwise_grad",
    "escape", "escaped_call", "explain", "export_module", "fixed_point", "flatten", "flatten_func",
    "fmin_bfgs", "fmin_cg", "fmin_l_bfgs_b", "fmin_ncg", "fmin_sgd", "function", "grad", "grad_and_aux",
    "grad_named", "gradient", "graph_svg", "hessian", "hessian_tensor_product", "hessian_vector",
    "hessian_vector_product", "holomorphic_grad", "insert_grad_of", "jacobian", "jvp", "least_squares",
    "make_ggnvp", "make_hvp", "make_jvp", "make_jvp_reversemode", "make_vjp", "minimize",
    "multigrad_dict", "options", "primitive", "register", "report", "rmsprop", "root", "sgd",
    "solve_ivp", "sparse_hessian", "sparse_jacobian", "stages", "stop_gradient", "symbolic", "tag",
    "tangent_", "tensor_jacobian_product", "theanify", "to_dot", "to_latex", "to_numba", "to_sympy", "transform",
    "transform_expr", "value_and_grad", "vector_jacobian_product", "vjp", "with_arrays",
]
assert callbacks  # imported for what it says of SciPy's routines
