"""Sparse Jacobians and Hessians: their pattern from the graph, as few products as a colouring allows, SciPy's matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.diff import expand
from bcad.differentiated import Differentiated
from bcad.errors import StructureError
from bcad.ir import Graph
from bcad.modes import GradientMode, HessianVectorMode, JvpMode, Mode, VjpMode, as_graph
from bcad.rewrite import simplify
from bcad.sparsity import Dependence
from bcad.specialise import Specialisation
from bcad.trace import leaf_type
from bcad.wrt import pick

Fn = Callable[..., Any]


class SparseDerivative:
    """A function that gives a derivative as a sparse matrix: flat results by flat argument.

    The pattern is kept for calls with the same shapes; where data decides about branches or indices it is found anew
    at each call.
    """

    _modes: tuple[tuple[Mode, bool], ...] = ()

    def __init__(self, fun: Fn, argnum: Any) -> None:
        self.fun = fun
        self._cores = [(Differentiated(fun, mode, argnum), by_rows) for mode, by_rows in self._modes]
        if not self._cores[0][0].wrt.single:
            raise TypeError("a sparse derivative is by one argument")
        self._patterns: dict[Any, Any] = {}
        self.__wrapped__ = fun
        self.__name__ = f"{type(self).__name__}_of_{getattr(fun, '__name__', 'f')}"

    def pattern(self, *args: Any, **kwargs: Any) -> Any:
        """Where the matrix may have entries: a boolean ``scipy.sparse.csr_array``, for ``jac_sparsity=`` say."""
        import scipy.sparse

        return scipy.sparse.csr_array(self._found(args, kwargs)[0])

    def colors(self, *args: Any, **kwargs: Any) -> int:
        """How many products of the derivative with vectors a call takes."""
        return int(self._found(args, kwargs)[1].max(initial=-1)) + 1

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The matrix, a ``scipy.sparse.csr_array``."""
        import scipy.sparse

        pattern, colors, core, by_rows = self._found(args, kwargs)
        rows, columns = pattern.nonzero()
        value, product = core.linearize(args, kwargs)
        whole = value if by_rows else pick(core.wrt.places(args, kwargs)[0], args, kwargs)
        compressed = [self._product(core, product, whole, colors == c) for c in range(int(colors.max(initial=-1)) + 1)]
        if not compressed:
            return scipy.sparse.csr_array(pattern.shape, dtype=float)
        table = np.stack(compressed)
        data = table[colors[rows], columns] if by_rows else table[colors[columns], rows]
        return scipy.sparse.csr_array((data, (rows, columns)), shape=pattern.shape)

    def _product(self, core: Differentiated, product: Any, whole: Any, chosen: np.ndarray) -> np.ndarray:
        """The sum of the rows, or columns, that are chosen."""
        type_ = leaf_type(whole)
        dtype = type_.dtype if type_.differentiable else np.dtype(float)
        seed = chosen.astype(dtype).reshape(np.shape(whole))
        (found,) = product([seed if seed.ndim else seed[()]]).derived
        return np.ravel(found)

    def _found(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, np.ndarray, Differentiated, bool]:
        """The pattern, a colour for each column (or row), and the core that gives products."""
        core = self._cores[0][0]
        special = core.specialise(args, kwargs)
        _, args, kwargs = core.prepare(args, kwargs)
        values = special.program.fetch(args, kwargs)
        key = id(special), tuple(np.shape(x) for x in values)
        known = self._patterns.get(key)
        if known is not None and known[0] is special:
            return known[1]
        pattern, fixed = self._pattern(special, values)
        best: Any = None
        for core, by_rows in self._cores:
            colors = colored(pattern.T.tocsr() if by_rows else pattern)
            if best is None or colors.max(initial=-1) < best[1].max(initial=-1):
                best = pattern, colors, core, by_rows
        if fixed:
            self._patterns[key] = special, best
        return best

    def _pattern(self, special: Specialisation, values: Sequence[Any]) -> tuple[Any, bool]:
        if len(special.wrt) != 1:
            raise StructureError("a sparse derivative is by one number or array", hint="flatten() nested arguments")
        graph, output = self._graph(special)
        found = Dependence(graph, values, special.wrt[0])
        sets = found.outputs[output]
        return _matrix(sets, self._rows(graph, output, sets, values), np.size(values[special.wrt[0]])), found.fixed

    def _graph(self, special: Specialisation) -> tuple[Graph, int]:
        """What depends, and which of its outputs."""
        raise NotImplementedError

    def _rows(self, graph: Graph, output: int, sets: Any, values: Sequence[Any]) -> int:
        from bcad.ir import evaluate

        return sets.size if sets is not None else np.size(evaluate(graph, values)[output])


class SparseJacobian(SparseDerivative):
    """See `sparse_jacobian`."""

    _modes = ((JvpMode(), False), (VjpMode(), True))

    def _graph(self, special: Specialisation) -> tuple[Graph, int]:
        if special.results != 1:
            raise StructureError(f"a sparse Jacobian is of one result, not of {special.results}")
        graph = simplify(expand(special.program.graph))
        return graph, 0


class SparseHessian(SparseDerivative):
    """See `sparse_hessian`."""

    _modes = ((HessianVectorMode(), False),)

    def _graph(self, special: Specialisation) -> tuple[Graph, int]:
        program = special.program
        gradient = simplify(expand(as_graph(GradientMode(), program.graph, special.wrt, special.results)))
        return gradient, len(program.graph.outputs)


def sparse_jacobian(fun: Fn, argnum: Any = 0) -> SparseJacobian:
    """The Jacobian of a function as a sparse matrix, without looking for its pattern by differences.

    Parameters
    ----------
    fun : callable
        Its result is one array or number; ordinary Python and NumPy, loops and in-place writes included.
    argnum : int or str
        The argument: one array or number.

    Returns
    -------
    SparseJacobian
        Called like `fun`: a ``scipy.sparse.csr_array`` of shape (elements of the result, elements of the argument).
        ``pattern(*args)`` and ``colors(*args)`` tell how.

    Notes
    -----
    Columns that share no row are found together (Curtis, Powell and Reid, J. Inst. Math. Appl. 13 (1974) 117), or
    rows that share no column, by reverse mode, where those need fewer products.

    Examples
    --------
    >>> jac = sparse_jacobian(lambda x: x[1:] - x[:-1] ** 2)
    >>> x = np.arange(1.0, 6.0)
    >>> jac(x).toarray()
    array([[-2.,  1.,  0.,  0.,  0.],
           [ 0., -4.,  1.,  0.,  0.],
           [ 0.,  0., -6.,  1.,  0.],
           [ 0.,  0.,  0., -8.,  1.]])
    >>> jac.colors(x)
    2
    """
    return SparseJacobian(fun, argnum)


def sparse_hessian(fun: Fn, argnum: Any = 0) -> SparseHessian:
    """The Hessian of a scalar function as a sparse matrix; see `sparse_jacobian`.

    Examples
    --------
    >>> def rosenbrock(x):
    ...     return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> hess = sparse_hessian(rosenbrock)
    >>> hess(np.ones(1000)).nnz, hess.colors(np.ones(1000))
    (2998, 3)
    """
    return SparseHessian(fun, argnum)


def colored(pattern: Any) -> np.ndarray:
    """A colour for each column of a sparse pattern; columns of one colour share no row."""
    by_column = pattern.tocsc()
    by_row = pattern.tocsr()
    colors = np.full(pattern.shape[1], -1)
    filled = np.diff(by_column.indptr)
    for column in np.argsort(-filled, kind="stable"):
        taken: set[int] = set()
        for row in by_column.indices[by_column.indptr[column] : by_column.indptr[column + 1]]:
            taken.update(colors[by_row.indices[by_row.indptr[row] : by_row.indptr[row + 1]]].tolist())
        color = 0
        while color in taken:
            color += 1
        colors[column] = color
    return colors


def _matrix(sets: Any, rows: int, columns: int) -> Any:
    """Sets of positions as a boolean matrix."""
    import scipy.sparse

    flat = [] if sets is None else list(sets.ravel())
    counts = np.array([len(s) for s in flat], int)
    indices = np.fromiter((k for s in flat for k in sorted(s)), int, int(counts.sum()))
    pointers = np.concatenate([[0], np.cumsum(counts)]) if flat else np.zeros(rows + 1, int)
    return scipy.sparse.csr_array((np.ones(len(indices), bool), indices, pointers), shape=(rows, columns))
