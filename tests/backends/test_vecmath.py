"""The vector math: accuracy against mpmath, NumPy's special values, loops that vectorise."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

from bcad.backends import vecmath

pytest.importorskip("llvmlite")
accuracy = pytest.importorskip("bcad.backends.vecmath.accuracy")
pytest.importorskip("mpmath")

CASES = [(name, dtype) for name in vecmath.names() for dtype in ("float64", "float32")]
CIRCULAR = [(name, dtype) for name in ("sin", "cos", "tan") for dtype in ("float64", "float32")]
on_x86 = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="reads x86 assembly")


@pytest.fixture(scope="module")
def loops():
    from bcad.backends.vecmath.loops import Loops
    return Loops(CASES)


def edges(dtype):
    """Zeros, ones, infinities, nan, subnormals, the ends of the range and of exp, odd and even integers."""
    info = np.finfo(dtype)
    sizes = [0, 1, 2, 3, 0.5, 0.25, 7, 10, 33, 100, 1000, 1e5, 1e8, 2.0**60, np.pi, np.inf, info.max, info.eps,
             info.smallest_normal, info.smallest_subnormal, info.smallest_normal / 8, 1 + info.eps, 1 - info.epsneg,
             709.782712893384, 709.782712893385, 745.13321910194, 745.1332191019412, 1022, 1023.99, 1024, 1074, 1075,
             88.72283, 88.72284, 103.97, 103.98, 126, 127, 128, 149, 150, 26, 29]
    return np.array(sizes + [-s for s in sizes] + [np.nan], dtype)


def arguments(name, dtype):
    x = edges(dtype)
    return [x] if vecmath.arity(name) == 1 else [np.ascontiguousarray(a.ravel()) for a in np.meshgrid(x, x)]


def judge(name):
    """NumPy's or SciPy's function of that name."""
    if name == "pow":
        return np.power
    return getattr(np, name, None) or getattr(pytest.importorskip("scipy.special"), name)


def same_kind(a, b):
    """Equal as far as nan, inf and the sign of zero go."""
    return (np.isnan(a) & np.isnan(b)) | ((np.isinf(a) == np.isinf(b)) & ((a == 0) == (b == 0))
                                          & (np.signbit(a) == np.signbit(b)) & (np.isnan(a) == np.isnan(b)))


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_within_two_ulp_of_mpmath(loops, name, dtype):
    points = accuracy.samples(name, dtype, 250)
    distance, where = accuracy.worst(name, dtype, points, loops(name, *points))
    assert distance <= 2, where


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_within_two_ulp_where_it_is_hard(loops, name, dtype):
    points = [np.ascontiguousarray(p.ravel()) for p in accuracy.hard(name, dtype, 20)]
    distance, where = accuracy.worst(name, dtype, points, loops(name, *points))
    assert distance <= 2, where


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_special_values_are_numpys(loops, name, dtype):
    points = arguments(name, dtype)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got, wanted = loops(name, *points), judge(name)(*points)
        close = np.isclose(got, wanted, rtol=1e-13 if dtype == "float64" else 4e-7, atol=np.finfo(dtype).smallest_subnormal,
                           equal_nan=True)
    right = same_kind(got, wanted) & close
    if name == "expit":                  # SciPy returns 0 where 1/(1 + exp(-x)) is subnormal
        right |= points[0] < np.log(np.finfo(dtype).smallest_normal)
    if name in ("gammaln", "digamma"):   # SciPy loses digits next to 1 and -1 and all of them at subnormals
        right |= np.isfinite(got) & (np.isfinite(wanted) | (np.abs(points[0]) < np.finfo(dtype).smallest_normal))
    assert right.all(), [(*(p[i] for p in points), got[i], wanted[i]) for i in np.flatnonzero(~right)[:5]]


@pytest.mark.parametrize("name", ["gammaln", "digamma"])
def test_gamma_functions_of_negative_numbers(loops, name):
    import mpmath as mp
    exact = accuracy.references()[name]
    x = np.random.default_rng(0).uniform(-20, 0, 300)
    for v, got in zip(x, loops(name, x), strict=True):
        wanted = exact(mp.mpf(v))
        assert abs(got - wanted) <= 4e-15 * max(1, abs(wanted)), v       # the zeros there are not resolved


@pytest.mark.parametrize(("name", "dtype"), CIRCULAR)
def test_arguments_next_to_multiples_of_half_pi(loops, name, dtype):
    near = [k * np.pi / 2 for k in (1, 2, 3, 4, 11, 22, 355, 710, 103993)]
    # the double closest to a multiple of pi/2: Muller et al., Handbook of Floating-Point Arithmetic, 11.3.2
    far = [6381956970095103 * 2.0**797, 1e22, 1e300] if dtype == "float64" else [1e10, 2.0**100, 3e38]
    x = np.array(near + far + [2.0**44, 2.0**45, 2.0**46, 2.0**17, 2.0**18, 1e5], dtype)
    x = np.concatenate([x, -x, np.nextafter(x, 0, dtype=dtype)])
    distance, where = accuracy.worst(name, dtype, [x], loops(name, x))
    assert distance <= 2, where


@pytest.mark.parametrize(("name", "dtype"), CIRCULAR)
def test_one_huge_lane_leaves_its_neighbours_alone(loops, name, dtype):
    x = np.linspace(-3, 3, 67).astype(dtype)
    calm = loops(name, x)
    x[[0, 5, 17, 66]] = [1e20, np.inf, -1e30, np.nan]
    mixed = loops(name, x)
    assert np.array_equal(np.delete(mixed, [0, 5, 17, 66]), np.delete(calm, [0, 5, 17, 66]))
    assert np.isnan(mixed[[5, 66]]).all() and np.isfinite(mixed[[0, 17]]).all()


def test_known_value_of_a_large_sine(loops):
    assert loops("sin", np.array([1e22]))[0] == -0.8522008497671888


def test_powers_of_integers_are_exact(loops):
    x, y = (a.ravel().astype(float) for a in np.meshgrid(np.arange(-9.0, 10), np.arange(0.0, 12)))
    assert np.array_equal(loops("pow", x.copy(), y.copy()), x**y)
    exponents = np.arange(-1074.0, 1024)
    assert np.array_equal(loops("exp2", exponents), np.ldexp(1.0, exponents.astype(int)))
    assert np.array_equal(loops("log2", np.ldexp(1.0, exponents.astype(int))), exponents)


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_a_result_does_not_depend_on_its_lane(loops, name, dtype):
    points = [p[:101].copy() for p in accuracy.samples(name, dtype, 40)]
    together = loops(name, *points)
    alone = np.concatenate([loops(name, *(p[i:i + 1].copy() for p in points)) for i in range(101)])
    assert np.array_equal(together, alone, equal_nan=True)


@on_x86
@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_the_loop_is_packed_and_calls_no_libm(loops, name, dtype):
    code = loops.body(name, dtype)
    packed = "pd" if dtype == "float64" or name in ("pow", "hypot", "gammaln", "digamma") else "ps"
    assert re.search(rf"v?(mul|fn?madd\d+|add){packed}\s.*[xyz]mm", code)
    assert not re.search(rf"\b(call|jmp)q?\s+\*?{name}", code)


@on_x86
def test_avx2_loops_are_packed():
    from bcad.backends.vecmath.loops import Loops
    loops = Loops([("exp", "float64"), ("log", "float64"), ("sin", "float64"), ("tanh", "float32")], "-avx512f")
    for name, dtype in (("exp", "float64"), ("log", "float64"), ("sin", "float64"), ("tanh", "float32")):
        assert re.search(r"(madd\d+|mul)p[ds]\s.*[xy]mm", loops.body(name, dtype))


@on_x86
@pytest.mark.parametrize("name", ["exp", "log", "sin", "tan", "pow", "arctan2", "erfc"])
def test_machines_without_fma_get_the_same_accuracy(name):
    from bcad.backends.vecmath.loops import Loops
    loops = Loops([(name, "float64")], "-fma,-fma4,-avx,-avx2,-avx512f")
    assert not re.search("fn?madd", loops.assembly)
    points = accuracy.samples(name, "float64", 60)
    distance, where = accuracy.worst(name, "float64", points, loops(name, *points))
    assert distance <= 2, where


def test_texts_parse_and_combine():
    import llvmlite.binding as llvm
    for name, dtype in CASES:
        llvm.parse_assembly(vecmath.ir_definition(name, dtype)).verify()
    text = vecmath.ir_module([*CASES, *CASES])
    module = llvm.parse_assembly(text)
    module.verify()
    assert module.get_function(vecmath.symbol("exp", np.dtype("float32"))).name == "bcad_exp_f32"
    llvm.parse_assembly(vecmath.ir_definition("cos", "float64")).link_in(module)


def test_unknown_names_say_what_there_is():
    with pytest.raises(KeyError, match="no vector function 'bessel'; there are: arccos"):
        vecmath.symbol("bessel", "float64")
    with pytest.raises(KeyError, match="no vector math for dtype float16; there is: float64, float32"):
        vecmath.symbol("exp", "float16")


def test_numba_functions_vectorise_side_by_side():
    numba = pytest.importorskip("numba")
    sin, cos, power = (vecmath.numba_function(name, "float64") for name in ("sin", "cos", "pow"))
    exp = vecmath.numba_function("exp", "float32")

    @numba.njit
    def loop(x, y, out):
        for i in range(x.size):
            out[i] = sin(x[i]) * cos(x[i]) + power(x[i], 2.5) + exp(y[i])

    x = np.linspace(0.1, 3, 1003)
    out = np.empty_like(x)
    loop(x, x.astype("float32"), out)
    assert np.allclose(out, np.sin(x) * np.cos(x) + x**2.5 + np.exp(x.astype("float32")), rtol=3e-7)
    if platform.machine().lower() in ("x86_64", "amd64"):
        (assembly,) = loop.inspect_asm().values()
        assert re.search(r"madd\d+pd\s.*[yz]mm", assembly)


def test_import_stays_light():
    code = ("import sys; before = set(sys.modules); import bcad.backends.vecmath as v; v.ir_definition('sin', 'float64'); "
            "print(sorted({'numba', 'llvmlite', 'mpmath'} & (set(sys.modules) - before)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_coefficients_come_from_the_generator():
    from bcad.backends.vecmath import fit
    from bcad.backends.vecmath.coefficients import INVERSE_PI, TABLES
    for name, goal in (("exp2", "single"), ("sin", "short")):
        assert [float(c).hex() for c in fit.polynomial(name, goal)] == TABLES[f"{name}/{goal}"]
    assert fit.inverse_pi_bytes() == "".join(INVERSE_PI)
