"""The functions that are asked about, and arguments to call each of them with."""

from __future__ import annotations

import importlib
import math
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

MODULES = ("numpy", "numpy.linalg", "numpy.fft", "scipy.special", "scipy.linalg", "math", "operator")

# Not functions of numbers: files, printing, dtypes, memory, settings, dates, tests, tables of roots.
NOT_NUMERIC = frozenset(
    """
    array2string array_repr array_str astype base_repr binary_repr bmat asmatrix matrix broadcast_shapes busday_count
    busday_offset can_cast common_type datetime_as_string datetime_data einsum_path finfo format_float_positional
    format_float_scientific frombuffer fromfile fromiter frompyfunc fromregex fromstring genfromtxt get_include
    get_printoptions getbufsize geterr geterrcall info is_busday isdtype isfortran isnat issubdtype iterable load
    loadtxt may_share_memory min_scalar_type mintypecode nested_iters ndim packbits printoptions promote_types
    require result_type save savetxt savez savez_compressed set_printoptions setbufsize seterr seterrcall shape
    shares_memory show_config show_runtime size test typename unpackbits vectorize errstate from_dlpack mask_indices
    isscalar iscomplexobj isrealobj iscomplex isreal fromfunction set_numeric_ops get_blas_funcs get_lapack_funcs
    find_best_blas_type bandwidth errprint geterrobj seterrobj newbuffer broadcast
    clarkson_woodruff_transform
    attrgetter itemgetter methodcaller is_ is_not is_none is_not_none contains concat countOf indexOf length_hint
    index call delitem setitem iconcat perm comb factorial gcd lcm isqrt prod sumprod
    """.split()
)
SKIPPED_PREFIXES = ("obl_", "pro_", "mathieu_", "ai_zeros", "bi_zeros")  # tables and families that may crash SciPy
SKIPPED_SUFFIXES = ("_zeros", "_roots")


def eigenvectors_without_signs(a: Any) -> Any:
    """LAPACK's signs jump; the squares do not."""
    import scipy.linalg

    w, v = scipy.linalg.eigh(a)
    return w, v**2


GAUGED = {"scipy.linalg.eigh": eigenvectors_without_signs}


def functions(module: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The numeric functions of a module, by name; of several names of one function the first."""
    space = importlib.import_module(module)
    for name in sorted(dir(space)):
        f = getattr(space, name)
        if name.startswith(("_", *SKIPPED_PREFIXES)) or name.endswith(SKIPPED_SUFFIXES):
            continue
        if isinstance(f, (type, types.ModuleType)) or not callable(f):
            continue
        if name in NOT_NUMERIC and not (module != "operator" and name in ("concat",)) and module != "math":
            continue
        yield name, GAUGED.get(f"{module}.{name}", f)


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The numeric methods of arrays, as functions of the array."""
    bits = """byteswap data dump dumps getfield setfield setflags tobytes tofile tolist view resize itemset newbyteorder
    to_device""".split()
    for name in sorted(dir(np.ndarray)):
        if not name.startswith("_") and name not in bits and callable(getattr(np.ndarray, name)):
            yield name, getattr(np.ndarray, name)


V = np.array([0.31, 0.72, 0.53])
W = np.array([1.2, 0.43, 0.91])
U = np.array([0.15, 0.25, 0.35])
A = np.array([[2.03, 0.31, 0.12], [0.43, 1.54, 0.25], [0.16, 0.37, 1.88]])
B = np.array([[0.71, 0.22, 0.53], [0.14, 0.95, 0.36], [0.47, 0.68, 0.89]])
R = np.array([[0.31, 0.72], [0.53, 0.14], [0.95, 0.46]])
SYMMETRIC = A @ A.T
FLAGS = np.array([True, False, True])
ORDER = np.array([2, 0, 1])

GENERAL: list[tuple[Any, ...]] = [
    (V,), (A,), (V, W), (A, V), (A, B), (V, 2), (2, V), (1, V), (V, W, U), ([V, W],), (A, 1), (A, 0, 1),
    (1, 0.5, V), (1, 1, V), (2, 1.5, V), (1, 2, V), (V, W, U, V + 0.1), (1, 1.5, 2.5, V), (2, 1, 1.5, V),
    (1.5, 2.5, 0.5, V), (R,), (V + 2,), (V - 1.5,), (V + 1.2, V), (5, 2, V), (2, V + 2), (3, 2.5, V), (V * 0.3, 2.0, 3.0),
    (0.53,), (0.53, 1.2), (2.3,), ([0.3, 0.4, 0.5],), (3,), (3, 2), (5, V), (5, 3.5), (V + 1j * W,), (FLAGS,),
]  # fmt: skip

SPECIAL: dict[str, tuple[Any, ...]] = {
    "round": (V + 0.013,), "around": (V + 0.013,), "rint": (V + 0.013,), "floor_divide": (5 * V, W), "divmod": (5 * V, W), "operator.floordiv": (5 * V, W), "operator.ifloordiv": (5 * V, W), "empty_like": (np.array([1, 2]),),
    "bartlett": (5,), "blackman": (5,), "hamming": (5,), "hanning": (5,), "lexsort": ((V, W),), "tri": (3,), "tril_indices": (3,), "triu_indices": (3,),
    "scipy.special.jvp": (1, V), "scipy.special.yvp": (1, V), "scipy.special.ivp": (1, V), "scipy.special.kvp": (1, V), "scipy.special.h1vp": (1, V), "scipy.special.h2vp": (1, V),
    "scipy.special.nrdtrisd": (V - 3.0, V, W), "linalg.matrix_rank": (A,), "linalg.tensordot": (A, B, 1), "scipy.linalg.dft": (3,), "scipy.linalg.hadamard": (4,),
    "math.remainder": (3.4, 1.3), "math.fmod": (3.4, 1.3),
    "apply_along_axis": (np.cumsum, 0, A), "apply_over_axes": (np.sum, A, [0]), "arange": (0.3, 2.5, 0.7),
    "array_split": (V, 2), "average": (V, None, W), "bincount": (ORDER, V), "block": ([[A, B]],),
    "broadcast_to": (V, (2, 3)), "choose": (np.array([0, 1, 0]), [V, W]), "clip": (V, 0.4, 0.6), "compress": (FLAGS, V),
    "copyto": (np.zeros(3), V), "delete": (V, 1), "digitize": (V, np.array([0.2, 0.5])), "dsplit": (np.ones((1, 2, 2)), 2),
    "einsum": ("ij,j->i", A, V), "expand_dims": (V, 0), "extract": (FLAGS, V), "fill_diagonal": (A, V),
    "full": (3, 0.7), "full_like": (V, 0.7), "geomspace": (0.5, 3.0, 4), "hsplit": (R, 2), "insert": (V, 1, 0.4),
    "interp": (V, np.array([0.0, 0.5, 1.0]), W), "isin": (V, W), "ix_": (ORDER, ORDER), "ldexp": (V, 2), "linspace": (0.3, 1.2, 4),
    "logspace": (0.3, 1.2, 4), "moveaxis": (A, 0, 1), "pad": (V, 1), "partition": (V, 1), "argpartition": (V, 1),
    "percentile": (V, 40.0), "nanpercentile": (V, 40.0), "quantile": (V, 0.4), "nanquantile": (V, 0.4),
    "piecewise": (V, [V < 0.4, V >= 0.4], [np.sin, np.cos]), "place": (A[0].copy(), FLAGS, V), "polyfit": (V, W, 1),
    "polyval": (V, 0.7), "put": (np.zeros(3), ORDER, V), "putmask": (W, FLAGS, V), "put_along_axis": (A, np.array([[1], [0], [2]]), R[:, :1], 1),
    "ravel_multi_index": ((ORDER, ORDER), (3, 3)), "repeat": (V, 2), "reshape": (A, (9,)), "resize": (V, (2, 3)),
    "roll": (V, 1), "rollaxis": (A, 1), "rot90": (A,), "searchsorted": (V, 0.5), "select": ([V < 0.4, V > 0.6], [V, W], 0.5),
    "split": (V, 3), "swapaxes": (A, 0, 1), "take": (V, ORDER), "take_along_axis": (V, ORDER, 0), "tensordot": (A, B, 1),
    "tile": (V, 2), "transpose": (A,), "unravel_index": (ORDER, (3, 3)), "unstack": (A,), "unwrap": (5 * V,),
    "vsplit": (A, 3), "where": (FLAGS, V, W), "cross": (V, W), "kaiser": (4, 2.5), "fmod": (5 * V, W), "modf": (5 * V,),
    "squeeze": (V[None],), "trim_zeros": (V,), "convolve": (V, W), "correlate": (V, W), "corrcoef": (V, W),
    "histogram": (V, 2), "histogram2d": (V, W, 2), "histogramdd": (R, 2), "histogram_bin_edges": (V, 2),
    "gradient": (V,), "trapezoid": (V, U), "cov": (V, W), "vander": (V,), "heaviside": (V, 0.5), "put_mask": (V, FLAGS, W),
    "polydiv": (np.array([0.3, 0.7, 0.5, 0.2]), V), "polymul": (V, W), "polysub": (V, W), "polyadd": (V, W), "polyint": (V,), "polyder": (V,),
    "roots": (np.array([1.0, -3.1, 2.2]),), "poly": (V,), "fromfunction": (lambda i: i * 0.5, (3,)), "indices": ((2, 2),),
    "linalg.cholesky": (SYMMETRIC,), "linalg.eigvalsh": (SYMMETRIC,), "linalg.eigh": (SYMMETRIC,), "linalg.lstsq": (R, V),
    "linalg.multi_dot": ([A, B, A],), "linalg.tensorsolve": (A, V), "linalg.tensorinv": (A, 1), "linalg.matrix_power": (A, 3),
    "linalg.matrix_transpose": (A,), "linalg.vecdot": (V, W), "linalg.outer": (V, W), "linalg.svd": (A,), "linalg.qr": (A,),
    "fft.fftfreq": (4, 0.3), "fft.rfftfreq": (4, 0.3), "fft.hfft": (V,), "fft.fft2": (A,), "fft.ifft2": (A,), "fft.rfft2": (A,), "fft.irfft2": (A,),
    "scipy.linalg.cho_solve": ((np.linalg.cholesky(SYMMETRIC), True), V), "scipy.linalg.solve_triangular": (A, V),
    "scipy.linalg.lu_solve": ((A, np.array([0, 1, 2])), V), "scipy.linalg.solve_banded": ((1, 1), A, V), "scipy.linalg.cholesky": (SYMMETRIC,),
    "scipy.linalg.cho_factor": (SYMMETRIC,), "scipy.linalg.eigh": (np.diag([1.0, 2.0, 4.0]) + 0.1,), "scipy.linalg.eigvalsh": (SYMMETRIC,), "scipy.linalg.solve_sylvester": (A, B, A),
    "scipy.linalg.toeplitz": (V, W), "scipy.linalg.hankel": (V, W), "scipy.linalg.circulant": (V,), "scipy.linalg.solve_toeplitz": (V + np.array([2, 0, 0]), W),
    "scipy.linalg.solve_circulant": (V, W), "scipy.linalg.block_diag": (A, B), "scipy.linalg.companion": (V,), "scipy.linalg.leslie": (V, U[:2]),
    "scipy.linalg.lstsq": (R, V), "scipy.linalg.solveh_banded": (np.array([[0.0, 0.3, 0.2], [2.0, 3.0, 2.5]]), V), "scipy.linalg.cholesky_banded": (np.array([[0.0, 0.3, 0.2], [2.0, 3.0, 2.5]]),),
    "scipy.linalg.solve_lyapunov": (A, B), "scipy.linalg.solve_continuous_lyapunov": (A, SYMMETRIC), "scipy.linalg.solve_discrete_lyapunov": (0.3 * A, SYMMETRIC),
    "scipy.linalg.solve_continuous_are": (A, B, SYMMETRIC, SYMMETRIC), "scipy.linalg.solve_discrete_are": (A, B, SYMMETRIC, SYMMETRIC), "scipy.linalg.polar": (A,),
    "scipy.linalg.expm_frechet": (A, B), "scipy.linalg.funm": (A, np.exp), "scipy.linalg.fractional_matrix_power": (A, 0.5), "scipy.linalg.khatri_rao": (A, B),
    "scipy.linalg.eigh_tridiagonal": (V + np.array([1.0, 2.0, 3.0]), W[:2]), "scipy.linalg.eigvalsh_tridiagonal": (V + np.array([1.0, 2.0, 3.0]), W[:2]),
    "scipy.linalg.matmul_toeplitz": ((V, W), U), "scipy.linalg.convolution_matrix": (V, 4), "scipy.linalg.diagsvd": (V, 3, 3), "scipy.linalg.qr_multiply": (A, V),
    "scipy.linalg.null_space": (np.array([[0.3, 0.7, 0.2], [0.5, 0.1, 0.4]]),), "scipy.linalg.orth": (R,), "scipy.linalg.subspace_angles": (R, B[:, :2]), "scipy.linalg.orthogonal_procrustes": (A, B),
    "scipy.linalg.qr": (A,), "scipy.linalg.rq": (A,), "scipy.linalg.svd": (A,), "scipy.linalg.lu": (A,), "scipy.linalg.lu_factor": (A,), "scipy.linalg.eig_banded": (np.array([[0.0, 0.3, 0.2], [2.0, 3.0, 2.5]]),), "scipy.linalg.eigvals_banded": (np.array([[0.0, 0.3, 0.2], [2.0, 3.0, 2.5]]),),
    "math.ldexp": (0.7, 2), "math.hypot": (0.3, 0.4), "math.dist": ([0.3, 0.7], [0.1, 0.2]), "math.fsum": ([0.3, 0.7],), "math.sumprod": ([0.3, 0.7], [0.1, 0.2]), "math.prod": ([0.3, 0.7],), "math.acosh": (1.7,), "math.nextafter": (0.3, 1.0), "math.comb": (5, 2), "math.perm": (5, 2), "math.factorial": (5,), "math.gcd": (6, 4), "math.lcm": (6, 4), "math.isqrt": (7,),
    "operator.getitem": (V, 1), "operator.pos": (V,), "operator.neg": (V,), "operator.abs": (V,),
    "scipy.special.binom": (4.5, V), "scipy.special.multigammaln": (V + 3.0, 2), "scipy.special.polygamma": (1, V), "scipy.special.logsumexp": (V,), "scipy.special.softmax": (V,), "scipy.special.zetac": (V + 2,), "scipy.special.betainc": (1.2, 0.7, V), "scipy.special.hyp2f1": (0.5, 0.7, 1.3, V), "scipy.special.lpmv": (1, 2, V), "scipy.special.sph_harm_y": (2, 1, V, W), "scipy.special.nbdtr": (2, 3, V), "scipy.special.acosh": (V + 1.5,), "scipy.special.owens_t": (V, W),
    "ndarray.astype": (V, float), "ndarray.choose": (np.array([0, 1, 0]), [V, W]), "ndarray.compress": (V, FLAGS), "ndarray.fill": (V, 0.5), "ndarray.item": (V, 1), "ndarray.put": (V, ORDER, W), "ndarray.dot": (A, V), "ndarray.searchsorted": (V, 0.5), "ndarray.sort": (V,), "ndarray.partition": (V, 1),
}  # fmt: skip
KINDS_OF_MODULE = {"math": float, "operator": np.ndarray}


def candidates(qualified: str, function: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Arguments to try, best first."""
    parts = qualified.split(".")
    for key in (qualified, ".".join(parts[1:]), parts[-1]):
        if key in SPECIAL and (parts[0] != "math" or key == qualified):
            return [SPECIAL[key]]
    if isinstance(function, np.ufunc):
        return [a for a in GENERAL if len(a) == function.nin]
    if parts[0] == "math":
        return [(0.53,), (0.53, 1.2), (1.7,), ([0.3, 0.4],), (5,), (6, 4)]
    return GENERAL


__all__ = ["MODULES", "candidates", "functions", "math", "methods", "operator"]
