"""``scipy.special``'s elementwise functions as rows: name, partial derivatives, samples.

Derivatives: NIST Digital Library of Mathematical Functions (DLMF), sections named beside the
rows.  A partial that has no closed form is `unknown`: its value is a node that raises when it
is run, and is dropped when nobody asks for that derivative.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Literal, Value

from .cotangents import to_cotangent
from .elementwise_op import Elementwise
from .lazy import implements_named
from .op import BY_NAME, NotDeclared, Op, Zero, define, register
from .samples import Sample, complexes, integers, positives, reals
from .shapes import loop_dtypes, ufunc_dtypes, weak
from .ufunc import UfuncCall

SQRT_PI = math.sqrt(math.pi)
SQRT_2PI = math.sqrt(2 * math.pi)


class Special(Elementwise):
    """A ufunc of ``scipy.special``, found when it is first needed."""

    module = "scipy.special"
    attribute: str


Special.numpy = property(lambda op: getattr(importlib.import_module(op.module), op.attribute))


class SpecialPart(Special):
    """One of the results of a ufunc with several."""

    which: int

    @property
    def whole(self) -> Any:
        return getattr(importlib.import_module(self.module), self.attribute)

    def evaluate(self, *inputs: Any) -> Any:
        return self.whole(*inputs)[self.which]

    def result_dtype(self, *inputs: ArrayType) -> np.dtype[Any]:
        return ufunc_dtypes(self.whole, tuple(map(weak, inputs)))[self.which]

    def loop_dtypes(self, *inputs: ArrayType) -> tuple[np.dtype[Any], ...]:
        return loop_dtypes(self.whole, tuple(map(weak, inputs)))


SpecialPart.numpy = None


class _Names:
    """``S.psi(x)`` is the op `digamma` applied: rows may use functions declared after them."""

    def __getattr__(self, name: str) -> Any:
        return BY_NAME[name]


S = _Names()


@define
class UndefinedDerivative(Op):
    """Stands for a derivative that is not known; running it raises, asking for its type does not."""

    differentiable = False

    def type_rule(self, y: ArrayType, *inputs: ArrayType, of: str, argument: int, where: Literal) -> ArrayType:
        return y

    def evaluate(self, *inputs: Any, of: str, argument: int, where: Any) -> Any:
        raise NotDeclared(of, f"simple derivative in argument {argument}", where.value if isinstance(where, Literal) else where)


BY_NAME["undefined_derivative"].samples = ()


def unknown(argument: int) -> Callable[..., Any]:
    """The partial in an argument in which the function has no simple derivative."""

    def partial(y: Value, *x: Value) -> Value:
        assert y.node is not None
        return BY_NAME["undefined_derivative"](y, *x, of=y.node.op.name, argument=argument, where=Literal(y.node.location))

    return partial


def special(
    name: str, partials: Sequence[Any] | None, *samples: Sample, aliases: Sequence[str] = (),
    module: str = "scipy.special", attribute: str | None = None, scalar: str | None = None, which: int | None = None,
) -> None:  # fmt: skip
    """Declare ``scipy.special.<name>`` by its partials ``(y, *x)``; None: it has no derivative.

    An `attribute` is the name of the function there, if it has another; of its results it is number `which`.
    """
    base: type[Any] = Special if which is None else SpecialPart
    op = type(name.title().replace("_", ""), (base,), {} if which is None else {"which": which})()
    op.name, op.module, op.attribute = name, module, attribute or name
    arity = len(partials) if partials is not None else 1
    op.scalar = scalar or f"{name}({', '.join(f'{{{k}}}' for k in range(arity))})"
    op.differentiable = partials is not None
    op.partials = tuple(partials or ())
    op.samples = samples or (Sample(reals(3, low=0.1, high=0.9)), Sample(reals(low=0.1, high=0.9)))
    register(op)
    if attribute is None:
        implements_named("scipy.special")(name, *aliases)(UfuncCall(op))


class ByParameter(Elementwise):
    """The derivative of a function of ``scipy.special`` by a parameter, which is computed for float64."""

    module = "bcad.ops.shape_derivatives"
    by_parameter = True
    attribute: str
    of: str

    @property
    def whole(self) -> Any:
        return getattr(importlib.import_module("scipy.special"), self.of)

    def result_dtype(self, *inputs: ArrayType) -> np.dtype[Any]:
        return ufunc_dtypes(self.whole, tuple(map(weak, inputs)))[0]

    def loop_dtypes(self, *inputs: ArrayType) -> tuple[np.dtype[Any], ...]:
        return loop_dtypes(self.whole, tuple(map(weak, inputs)))

    def evaluate(self, *inputs: Any) -> Any:
        return getattr(importlib.import_module(self.module), self.attribute)(*inputs)


def by_parameter(name: str, of: str, partials: Sequence[Any], *samples: Sample) -> None:
    """Declare a function of ``bcad.ops.shape_derivatives``."""
    op = type(name.title().replace("_", ""), (ByParameter,), {"of": of})()
    op.scalar = f"{name}({', '.join(f'{{{k}}}' for k in range(len(partials)))})"
    op.name, op.attribute, op.partials, op.samples = name, name, tuple(partials), samples
    register(op)


_POSITIVE = (Sample(positives(3)), Sample(positives()))
_REAL = (Sample(reals(3)), Sample(reals()))
_TWO = (Sample(positives(3), positives(3)), Sample(positives(2, 1), positives(3)))
_ORDER = (Sample(integers(3), positives(3)), Sample(2, positives()))
_UNIT = reals(3, low=0.1, high=0.9)


def sign(x: Any) -> Any:
    return S.sign(x)


def ratio(x: Any, y: Any) -> Any:
    """``x / y``, and zero where x is, also at ``0 / 0``: the limit of ``d (x log y) / dy``."""
    return x / S.where(S.equal(x, 0), S.stop_gradient(y) * 0 + 1, y)


# -- gamma functions (DLMF 5) -----------------------------------------------------------------------
special("gamma", [lambda y, x: y * S.digamma(x)], *_POSITIVE, Sample(reals(3, low=-0.9, high=-0.1)))
special("gammaln", [lambda y, x: S.digamma(x)], *_POSITIVE)
special("loggamma", [lambda y, x: S.digamma(x)], *_POSITIVE)
special("rgamma", [lambda y, x: -y * S.digamma(x)], *_POSITIVE)
special("gammasgn", None, *_REAL)
special("digamma", [lambda y, x: S.hurwitz_zeta(2.0, x)], *_POSITIVE, aliases=["psi"])
special("hurwitz_zeta", [unknown(0), lambda y, s, q: -s * S.hurwitz_zeta(s + 1, q)],
        Sample(integers(3, low=2), positives(3)), scalar="zeta({0}, {1})", module="scipy.special._ufuncs", attribute="_zeta")
special("poch", [lambda y, z, m: y * (S.digamma(z + m) - S.digamma(z)), lambda y, z, m: y * S.digamma(z + m)], *_TWO)
special("beta", [lambda y, a, b: y * (S.digamma(a) - S.digamma(a + b)),
                 lambda y, a, b: y * (S.digamma(b) - S.digamma(a + b))], *_TWO)
special("betaln", [lambda y, a, b: S.digamma(a) - S.digamma(a + b),
                   lambda y, a, b: S.digamma(b) - S.digamma(a + b)], *_TWO)
special("binom", [lambda y, n, k: y * (S.digamma(n + 1) - S.digamma(n - k + 1)),
                  lambda y, n, k: y * (S.digamma(n - k + 1) - S.digamma(k + 1))],
        Sample(reals(3, low=3, high=5), reals(3, low=0.2, high=2)))


def gamma_density(a: Any, x: Any) -> Any:
    """``x**(a - 1) exp(-x) / gamma(a)`` (DLMF 8.8.13)."""
    return S.exp(S.xlogy(a - 1, x) - x - S.gammaln(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """``x**(a - 1) (1 - x)**(b - 1) / B(a, b)`` (DLMF 8.17.20)."""
    return S.exp(S.xlogy(a - 1, x) + S.xlog1py(b - 1, -x) - S.betaln(a, b))


_AX = (Sample(integers(3, low=1), positives(3)),)
_AP = (Sample(integers(3, low=1), _UNIT),)
special("gammainc", [lambda y, a, x: S.gammainc_by_a(a, x), lambda y, a, x: gamma_density(a, x)], *_AX)
special("gammaincc", [lambda y, a, x: -S.gammainc_by_a(a, x), lambda y, a, x: -gamma_density(a, x)], *_AX)
special("gammaincinv", [lambda x, a, p: -S.gammainc_by_a(a, x) / gamma_density(a, x), lambda x, a, p: 1 / gamma_density(a, x)], *_AP)
special("gammainccinv", [lambda x, a, p: -S.gammainc_by_a(a, x) / gamma_density(a, x), lambda x, a, p: -1 / gamma_density(a, x)], *_AP)
_ABX = (Sample(integers(3, low=1), integers(3, low=1), _UNIT),)
special("betainc", [lambda y, a, b, x: S.betainc_by_a(a, b, x), lambda y, a, b, x: S.betainc_by_b(a, b, x),
                    lambda y, a, b, x: beta_density(a, b, x)], *_ABX)  # fmt: skip
special("betaincc", [lambda y, a, b, x: -S.betainc_by_a(a, b, x), lambda y, a, b, x: -S.betainc_by_b(a, b, x),
                     lambda y, a, b, x: -beta_density(a, b, x)], *_ABX)  # fmt: skip
special("betaincinv", [lambda x, a, b, p: -S.betainc_by_a(a, b, x) / beta_density(a, b, x),
                       lambda x, a, b, p: -S.betainc_by_b(a, b, x) / beta_density(a, b, x),
                       lambda x, a, b, p: 1 / beta_density(a, b, x)], *_ABX)  # fmt: skip
special("betainccinv", [lambda x, a, b, p: -S.betainc_by_a(a, b, x) / beta_density(a, b, x),
                        lambda x, a, b, p: -S.betainc_by_b(a, b, x) / beta_density(a, b, x),
                        lambda x, a, b, p: -1 / beta_density(a, b, x)], *_ABX)  # fmt: skip
by_parameter("gammainc_by_a", "gammainc", [unknown(0), lambda y, a, x: gamma_density(a, x) * (S.log(x) - S.digamma(a))], *_AX)
by_parameter("betainc_by_a", "betainc", [unknown(0), unknown(1), lambda y, a, b, x: beta_density(a, b, x) * (
    S.log(x) - S.digamma(a) + S.digamma(a + b))], *_ABX)  # fmt: skip
by_parameter("betainc_by_b", "betainc", [unknown(0), unknown(1), lambda y, a, b, x: beta_density(a, b, x) * (
    S.log1p(-x) - S.digamma(b) + S.digamma(a + b))], *_ABX)  # fmt: skip

# -- error functions and the normal distribution (DLMF 7) --------------------------------------------
special("erf", [lambda y, x: S.exp(-x * x) * (2 / SQRT_PI)], *_REAL, Sample(complexes(2)))
special("erfc", [lambda y, x: S.exp(-x * x) * (-2 / SQRT_PI)], *_REAL)
special("erfcx", [lambda y, x: 2 * x * y - 2 / SQRT_PI], *_REAL)
special("erfi", [lambda y, x: S.exp(x * x) * (2 / SQRT_PI)], *_REAL)
special("dawsn", [lambda y, x: 1 - 2 * x * y], *_REAL)
special("wofz", [lambda y, z: -2 * z * y + 2j / SQRT_PI], Sample(complexes(3)))
special("erfinv", [lambda y, x: S.exp(y * y) * (SQRT_PI / 2)], Sample(reals(3, low=-0.9, high=0.9)))
special("erfcinv", [lambda y, x: S.exp(y * y) * (-SQRT_PI / 2)], Sample(reals(3, low=0.2, high=1.8)))
special("ndtr", [lambda y, x: S.exp(-0.5 * (x * x)) * (1 / SQRT_2PI)], *_REAL)
special("log_ndtr", [lambda y, x: math.sqrt(2 / math.pi) / S.erfcx(x * -math.sqrt(0.5))], *_REAL)
special("ndtri", [lambda y, p: S.exp(0.5 * (y * y)) * SQRT_2PI])
special("ndtri_exp", [lambda y, p: S.exp(p + 0.5 * (y * y)) * SQRT_2PI], Sample(reals(3, low=-3, high=-0.2)))

# -- logistic functions, entropies, robust losses -----------------------------------------------------
special("expit", [lambda y, x: y * S.expit(-x)], *_REAL)
special("logit", [lambda y, x: 1 / (x * (1 - x))])
special("log_expit", [lambda y, x: S.expit(-x)], *_REAL)
special("xlogy", [lambda y, a, x: S.log(x), lambda y, a, x: ratio(a, x)], *_TWO)
special("xlog1py", [lambda y, a, x: S.log1p(x), lambda y, a, x: ratio(a, 1 + x)], *_TWO)
special("entr", [lambda y, x: -1 - S.log(x)], *_POSITIVE)
special("rel_entr", [lambda y, a, b: S.log(a / b) + 1, lambda y, a, b: -a / b], *_TWO)
special("kl_div", [lambda y, a, b: S.log(a / b), lambda y, a, b: 1 - a / b], *_TWO)
special("huber", [lambda y, d, r: S.maximum(S.absolute(r) - d, 0), lambda y, d, r: S.minimum(S.maximum(r, -d), d)],
        Sample(positives(5), reals(5)))
special("pseudo_huber", [lambda y, d, r: 2 * y / d - r * r / d / S.sqrt(1 + (r / d) * (r / d)),
                         lambda y, d, r: r / S.sqrt(1 + (r / d) * (r / d))], Sample(positives(3), reals(3)))
special("exp10", [lambda y, x: y * math.log(10)], *_REAL)
special("cosm1", [lambda y, x: -S.sin(x)], *_REAL)

# -- Bessel functions (DLMF 10.6, 10.29) ---------------------------------------------------------------
special("j0", [lambda y, x: -S.j1(x)], *_REAL)
special("j1", [lambda y, x: 0.5 * (S.j0(x) - S.jv(2.0, x))], *_REAL)
special("y0", [lambda y, x: -S.y1(x)], *_POSITIVE)
special("y1", [lambda y, x: 0.5 * (S.y0(x) - S.yv(2.0, x))], *_POSITIVE)
special("i0", [lambda y, x: S.i1(x)], *_REAL)
special("i1", [lambda y, x: 0.5 * (S.i0(x) + S.iv(2.0, x))], *_REAL)
special("i0e", [lambda y, x: S.i1e(x) - sign(x) * y], *_REAL)
special("i1e", [lambda y, x: 0.5 * (S.i0e(x) + S.ive(2.0, x)) - sign(x) * y], *_REAL)
special("k0", [lambda y, x: -S.k1(x)], *_POSITIVE)
special("k1", [lambda y, x: -0.5 * (S.k0(x) + S.kv(2.0, x))], *_POSITIVE)
special("k0e", [lambda y, x: y - S.k1e(x)], *_POSITIVE)
special("k1e", [lambda y, x: y - 0.5 * (S.k0e(x) + S.kve(2.0, x))], *_POSITIVE)


def difference_of_neighbours(f: str, factor: float, second: float) -> Callable[..., Any]:
    """``factor * (f(v - 1, x) + second * f(v + 1, x))``."""
    return lambda y, v, x: factor * (BY_NAME[f](v - 1, x) + second * BY_NAME[f](v + 1, x))


def whole_order(f: str, factor: float, second: float) -> Callable[..., Any]:
    """As `difference_of_neighbours`, of a function that cuts its order to an integer."""
    slope = difference_of_neighbours(f, factor, second)
    return lambda y, v, x: slope(y, S.trunc(v), x)


special("jv", [unknown(0), difference_of_neighbours("jv", 0.5, -1.0)], *_ORDER, aliases=["jn"])
special("yv", [unknown(0), difference_of_neighbours("yv", 0.5, -1.0)], *_ORDER)
special("yn", [unknown(0), whole_order("yv", 0.5, -1.0)], *_ORDER)
special("iv", [unknown(0), difference_of_neighbours("iv", 0.5, 1.0)], *_ORDER)
special("kv", [unknown(0), difference_of_neighbours("kv", -0.5, 1.0)], *_ORDER)
special("kn", [unknown(0), whole_order("kv", -0.5, 1.0)], *_ORDER)
special("ive", [unknown(0), lambda y, v, x: 0.5 * (S.ive(v - 1, x) + S.ive(v + 1, x)) - sign(x) * y], *_ORDER)
special("kve", [unknown(0), lambda y, v, x: y - 0.5 * (S.kve(v - 1, x) + S.kve(v + 1, x))], *_ORDER)
special("hankel1", [unknown(0), difference_of_neighbours("hankel1", 0.5, -1.0)], Sample(integers(3), complexes(3)))
special("hankel2", [unknown(0), difference_of_neighbours("hankel2", 0.5, -1.0)], Sample(integers(3), complexes(3)))

# -- integrals: elliptic (DLMF 19.4, by 15.5), exponential (6.2), dilogarithm ---------------------------
special("ellipk", [lambda y, m: S.hyp2f1(1.5, 1.5, 2.0, m) * (math.pi / 8)])
special("ellipkm1", [lambda y, p: S.hyp2f1(1.5, 1.5, 2.0, 1 - p) * (-math.pi / 8)])
special("ellipe", [lambda y, m: S.hyp2f1(0.5, 1.5, 2.0, m) * (-math.pi / 8)])
special("ellipkinc", [lambda y, p, m: 1 / S.sqrt(1 - m * S.square(S.sin(p))),
                      lambda y, p, m: ellipkinc_slope(p, m)], Sample(_UNIT, 0.4), Sample(reals(3, low=2, high=5), 0.3))
special("ellipeinc", [lambda y, p, m: S.sqrt(1 - m * S.square(S.sin(p))),
                      lambda y, p, m: 0.5 * (y - S.ellipkinc(p, m)) / m], Sample(_UNIT, 0.6))


def expn_slope(y: Any, n: Any, x: Any) -> Any:
    """``-E_(n-1)``; SciPy has no order below 0."""
    first = S.equal(n, 0)
    return S.where(first, -y * (1 + 1 / x), -S.expn(S.where(first, 1, n) - 1, x))


def ellipkinc_slope(p: Any, m: Any) -> Any:
    """Of ``F(p, m)`` in m, without loss of digits at small m (DLMF 19.25.5, 19.18.1)."""
    periods = S.rint(p * (1 / math.pi))
    s = S.sin(p - periods * math.pi)
    rest = s * s * s * S.elliprd(1 - s * s, 1 + 0 * m, 1 - m * s * s) * (1 / 6)
    return rest + periods * S.hyp2f1(1.5, 1.5, 2.0, m) * (math.pi / 4)


special("exp1", [lambda y, x: -S.exp(-x) / x], *_POSITIVE)
special("expi", [lambda y, x: S.exp(x) / x], *_POSITIVE)
special("expn", [unknown(0), lambda y, n, x: expn_slope(y, S.trunc(n), x)], Sample(integers(3, low=3), positives(3)), Sample(0, positives(3)))
special("spence", [lambda y, z: S.log(z) / (1 - z)])

# -- hypergeometric functions (DLMF 13.3, 15.5, 16.3) ----------------------------------------------------
special("hyp0f1", [unknown(0), lambda y, v, z: S.hyp0f1(v + 1, z) / v], Sample(integers(3, low=1), reals(3)))
special("hyp1f1", [unknown(0), unknown(1), lambda y, a, b, z: a / b * S.hyp1f1(a + 1, b + 1, z)],
        Sample(integers(3, low=1), integers(3, low=1), reals(3)))
special("hyp2f1", [unknown(0), unknown(1), unknown(2),
                   lambda y, a, b, c, z: a * b / c * S.hyp2f1(a + 1, b + 1, c + 1, z)],
        Sample(1, integers(3, low=1), 3, reals(3, low=-0.8, high=0.8)))
special("hyperu", [unknown(0), unknown(1), lambda y, a, b, x: -a * S.hyperu(a + 1, b + 1, x)],
        Sample(integers(3, low=1), 2, positives(3)))
special("wrightomega", [lambda y, z: y / (1 + y)], *_REAL)
special("stdtr", [lambda y, n, t: student_by_freedom(n, t), lambda y, n, t: student_density(n, t)], Sample(integers(3, low=1), reals(3)))


def student_density(n: Any, t: Any) -> Any:
    """The density of Student's t with n degrees of freedom."""
    scale = S.exp(S.gammaln((n + 1) * 0.5) - S.gammaln(n * 0.5)) / S.sqrt(n * math.pi)
    return scale * S.power(1 + t * t / n, -0.5 * (n + 1))


@define
class Lambertw(Op):
    """Branch `k` of Lambert's function, ``y * exp(y) == z``: ``dy/dz = exp(-y) / (1 + y)`` (DLMF 4.13.4)."""

    samples = (Sample(complexes(3), k=0, tol=1e-8), Sample(complexes(2), k=-1, tol=1e-8))

    def type_rule(self, z: ArrayType, *, k: int, tol: float) -> ArrayType:
        return ArrayType(np.dtype(complex), z.shape, Kind.ARRAY if z.shape else Kind.SCALAR)

    def evaluate(self, z: Any, *, k: int, tol: float) -> Any:
        from scipy.special import lambertw

        return lambertw(z, k, tol)

    def jvp(self, y: Value, z: Value, dz: Any, **attrs: Any) -> Any:
        return Zero(y.type) if type(dz) is Zero else dz * (S.exp(-y) / (1 + y))

    def vjp(self, g: Any, y: Value, z: Value, **attrs: Any) -> tuple[Any]:
        return (Zero(z.type) if type(g) is Zero else to_cotangent(g * (S.exp(-y) / (1 + y)), z),)


# -- orthogonal polynomials of integer degree (DLMF 18.9) --------------------------------------------------
_DEGREE = (Sample(integers(3, low=2), reals(3)),)
special("eval_chebyt", [unknown(0), lambda y, n, x: n * S.eval_chebyu(n - 1, x)], *_DEGREE)
special("eval_chebyu", [unknown(0), lambda y, n, x: 2 * S.eval_gegenbauer(n - 1, 2.0, x)], *_DEGREE)
special("eval_legendre", [unknown(0), lambda y, n, x: 0.5 * (n + 1) * S.eval_jacobi(n - 1, 1.0, 1.0, x)], *_DEGREE)
special("eval_hermite", [unknown(0), lambda y, n, x: 2 * n * S.eval_hermite(n - 1, x)], *_DEGREE)
special("eval_hermitenorm", [unknown(0), lambda y, n, x: n * S.eval_hermitenorm(n - 1, x)], *_DEGREE)
special("eval_laguerre", [unknown(0), lambda y, n, x: -S.eval_genlaguerre(n - 1, 1.0, x)], *_DEGREE)
special("eval_genlaguerre", [unknown(0), unknown(1), lambda y, n, a, x: -S.eval_genlaguerre(n - 1, a + 1, x)],
        Sample(integers(3, low=2), 1, reals(3)))
special("eval_gegenbauer", [unknown(0), unknown(1), lambda y, n, a, x: 2 * a * S.eval_gegenbauer(n - 1, a + 1, x)],
        Sample(integers(3, low=2), 1, reals(3)))
special("eval_jacobi", [unknown(0), unknown(1), unknown(2),
                        lambda y, n, a, b, x: 0.5 * (n + a + b + 1) * S.eval_jacobi(n - 1, a + 1, b + 1, x)],
        Sample(integers(3, low=2), 1, 2, reals(3)))

def student_by_freedom(n: Any, t: Any) -> Any:
    """The distribution function is ``1 - I_z(n/2, 1/2) / 2`` for t above 0, with ``z = n / (n + t**2)``."""
    z = n / (n + t * t)
    moved = 0.5 * S.betainc_by_a(0.5 * n, 0.5, z) + S.where(S.equal(t, 0), 0.0, beta_density(0.5 * n, 0.5, z) * (t / (n + t * t)) ** 2)
    return -0.5 * S.sign(t) * moved


