"""More functions of ``scipy.special`` as rows: distributions, integrals, Bessel's and their kin.

Rules by the chapters of DLMF (Airy 9, Fresnel 7, Bessel 10, Struve 11, elliptic 19 and 22) and by the
densities of the distributions.  Where a parameter has no simple derivative it has none (`unknown`).
"""

from __future__ import annotations

import math
from typing import Any

from bcad.ir import Value

from .lazy import implements_named
from .op import BY_NAME
from .samples import Sample, complexes, integers, positives, reals
from .special_op import (
    _ORDER,
    _POSITIVE,
    _REAL,
    _UNIT,
    S,
    beta_density,
    ellipkinc_slope,
    gamma_density,
    special,
    student_by_freedom,
    student_density,
    unknown,
)
from .ufunc import numbers

PI = math.pi
DEGREE = PI / 180
named = implements_named("scipy.special")


def several(name: str, *parts: str) -> None:
    """Declare that ``scipy.special.<name>`` returns a tuple, one op for each part."""
    named(name)(lambda *args: tuple(BY_NAME[part](*numbers(args)) for part in parts))


def part(name: str, whole: str, which: int, partials: Any, *samples: Sample) -> None:
    """Declare the op that is result number `which` of ``scipy.special.<whole>``."""
    special(name, partials, *samples, attribute=whole, which=which)


# -- elementary ------------------------------------------------------------------------------------
special("exprel", [lambda y, x: exprel_slope(y, x)], Sample(reals(3, low=0.5, high=2)), Sample(reals(3, low=-3, high=-0.5)))
special("sindg", [lambda y, x: S.cosdg(x) * DEGREE], *_REAL)
special("cosdg", [lambda y, x: S.sindg(x) * -DEGREE], *_REAL)
special("tandg", [lambda y, x: (1 + y * y) * DEGREE], *_REAL)
special("cotdg", [lambda y, x: (1 + y * y) * -DEGREE], *_POSITIVE)
special("radian", [DEGREE, DEGREE / 60, DEGREE / 3600], Sample(positives(3), positives(3), positives(3)))
_XP = (Sample(positives(3), 2), Sample(positives(3), reals(3, low=-0.01, high=0.01)), Sample(positives(3), 0.0))
special("boxcox", [lambda y, x, p: S.power(x, p - 1), lambda y, x, p: boxcox_by_power(y, x, p)], *_XP)
special("boxcox1p", [lambda y, x, p: S.power(1 + x, p - 1), lambda y, x, p: boxcox_by_power(y, 1 + x, p)], *_XP)
special("inv_boxcox", [lambda x, y, p: S.power(x, 1 - p), lambda x, y, p: -boxcox_by_power(y, x, p) * S.power(x, 1 - p)], *_XP)
special("inv_boxcox1p", [lambda x, y, p: S.power(x + 1, 1 - p),
                         lambda x, y, p: -boxcox_by_power(y, x + 1, p) * S.power(x + 1, 1 - p)], *_XP)  # fmt: skip
special("powm1", [lambda z, x, y: y * S.power(x, y - 1), lambda z, x, y: (z + 1) * S.log(x)], Sample(positives(3), reals(3)))
special("agm", [lambda y, a, b: agm_slope(y, a, b), lambda y, a, b: agm_slope(y, b, a)],
        Sample(positives(3), reals(3, low=3, high=4)))  # fmt: skip


def exprel_slope(y: Any, x: Any) -> Any:
    """Of ``(exp(x) - 1)/x``; near 0, where that loses digits, of its series."""
    small = S.less(S.absolute(x), 0.05)
    away = S.where(small, 1.0, x)
    return S.where(small, exprel_slope_near_0(x), (y * (x - 1) + 1) / away)


def exprel_slope_near_0(x: Any) -> Any:
    series: Any = 0.0
    for k in range(9, -1, -1):  # sum of (k + 1) x**k / (k + 2)!
        series = series * x + (k + 1) / math.factorial(k + 2)
    return series


def boxcox_by_power(y: Any, x: Any, p: Any) -> Any:
    """Of ``y = (x**p - 1)/p`` by p, where ``x**p`` is ``1 + p y``; near p = 0 by the series of ``y = log(x) exprel(p log(x))``."""
    small = S.less(S.absolute(S.xlogy(p, x)), 0.05)
    logarithm = S.where(small, S.log(S.where(small, x, 1.0)), 0.0)
    power = S.where(small, 1.0, p)
    return S.where(small, S.square(logarithm) * exprel_slope_near_0(p * logarithm), (S.xlogy(1 + p * y, x) - y) / power)


def agm_slope(y: Any, a: Any, b: Any) -> Any:
    """In its first argument: ``agm(a, b) = (a + b) pi / (4 K(m))`` with ``m = ((a - b)/(a + b))**2`` (DLMF 19.8.5)."""
    m = S.square((a - b) / (a + b))
    return y / (a + b) - y / S.ellipk(m) * k_slope(m) * (4 * b * (a - b)) / ((a + b) * S.square(a + b))


def k_slope(m: Any) -> Any:
    """Of the complete integral of the first kind."""
    return S.hyp2f1(1.5, 1.5, 2.0, m) * (PI / 8)


# -- distributions: in the quantile, its probability and some parameters ------------------------------------
def chi2_density(n: Any, x: Any) -> Any:
    return 0.5 * gamma_density(n * 0.5, x * 0.5)


def f_density(m: Any, n: Any, x: Any) -> Any:
    """The density of F with m and n degrees of freedom, by that of ``m x / (m x + n)``."""
    whole = m * x + n
    return beta_density(m * 0.5, n * 0.5, m * x / whole) * m * n / (whole * whole)


def chi2_by_freedom(n: Any, x: Any) -> Any:
    return 0.5 * S.gammainc_by_a(n * 0.5, x * 0.5)


def f_by_first(m: Any, n: Any, x: Any) -> Any:
    """The distribution of F by m: in the parameter of the beta distribution, and in its argument."""
    whole = m * x + n
    a, b, w = m * 0.5, n * 0.5, m * x / whole
    return 0.5 * S.betainc_by_a(a, b, w) + beta_density(a, b, w) * x * n / (whole * whole)


def f_by_second(m: Any, n: Any, x: Any) -> Any:
    whole = m * x + n
    a, b, w = m * 0.5, n * 0.5, m * x / whole
    return 0.5 * S.betainc_by_b(a, b, w) - beta_density(a, b, w) * m * x / (whole * whole)


_NX = (Sample(integers(3, low=2), positives(3)),)
_NP = (Sample(integers(3, low=2), _UNIT),)
_MNX = (Sample(integers(3, low=3), integers(3, low=2), positives(3)),)
_KNP = (Sample(integers(3, low=0, high=3), integers(3, low=4, high=8), _UNIT),)
special("chdtr", [lambda y, n, x: chi2_by_freedom(n, x), lambda y, n, x: chi2_density(n, x)], *_NX)
special("chdtrc", [lambda y, n, x: -chi2_by_freedom(n, x), lambda y, n, x: -chi2_density(n, x)], *_NX)
special("chdtri", [lambda x, n, p: -chi2_by_freedom(n, x) / chi2_density(n, x), lambda x, n, p: -1 / chi2_density(n, x)], *_NP)
special("fdtr", [lambda y, m, n, x: f_by_first(m, n, x), lambda y, m, n, x: f_by_second(m, n, x),
                 lambda y, m, n, x: f_density(m, n, x)], *_MNX)  # fmt: skip
special("fdtrc", [lambda y, m, n, x: -f_by_first(m, n, x), lambda y, m, n, x: -f_by_second(m, n, x),
                  lambda y, m, n, x: -f_density(m, n, x)], *_MNX)  # fmt: skip
special("fdtri", [lambda x, m, n, p: -f_by_first(m, n, x) / f_density(m, n, x), lambda x, m, n, p: -f_by_second(m, n, x) / f_density(m, n, x),
                  lambda x, m, n, p: 1 / f_density(m, n, x)], Sample(integers(3, low=3), integers(3, low=3), _UNIT))  # fmt: skip
special("stdtrit", [lambda t, n, p: -student_by_freedom(n, t) / student_density(n, t), lambda t, n, p: 1 / student_density(n, t)], *_NP)
_ABX = (Sample(positives(3), integers(3, low=1), positives(3)),)
special("gdtr", [lambda y, a, b, x: x * gamma_density(b, a * x), lambda y, a, b, x: S.gammainc_by_a(b, a * x),
                 lambda y, a, b, x: a * gamma_density(b, a * x)], *_ABX)  # fmt: skip
special("gdtrc", [lambda y, a, b, x: -x * gamma_density(b, a * x), lambda y, a, b, x: -S.gammainc_by_a(b, a * x),
                  lambda y, a, b, x: -a * gamma_density(b, a * x)], *_ABX)  # fmt: skip
special("gdtrix", [lambda x, a, b, p: -x / a, lambda x, a, b, p: -S.gammainc_by_a(b, a * x) / (a * gamma_density(b, a * x)),
                   lambda x, a, b, p: 1 / (a * gamma_density(b, a * x))], Sample(positives(3), integers(3, low=1), _UNIT))  # fmt: skip
special("gdtria", [lambda a, p, b, x: 1 / (x * gamma_density(b, a * x)), lambda a, p, b, x: -S.gammainc_by_a(b, a * x) / (x * gamma_density(b, a * x)),
                   lambda a, p, b, x: -a / x], Sample(_UNIT, integers(3, low=1), positives(3)))  # fmt: skip
special("gdtrib", [lambda b, a, p, x: -x * gamma_density(b, a * x) / S.gammainc_by_a(b, a * x), lambda b, a, p, x: 1 / S.gammainc_by_a(b, a * x),
                   lambda b, a, p, x: -a * gamma_density(b, a * x) / S.gammainc_by_a(b, a * x)],
        Sample(positives(3), _UNIT, positives(3)).at_kink())  # fmt: skip  # no second derivative by the shape, which is the result
special("pdtr", [unknown(0), lambda y, k, m: -gamma_density(S.floor(k) + 1, m)], Sample(integers(3, low=0), positives(3)))
special("pdtrc", [unknown(0), lambda y, k, m: gamma_density(S.floor(k) + 1, m)], Sample(integers(3, low=0), positives(3)))
special("pdtri", [unknown(0), lambda m, k, p: -1 / gamma_density(S.floor(k) + 1, m)], Sample(integers(3, low=0), _UNIT))
special("bdtr", [unknown(0), unknown(1), lambda y, k, n, p: -beta_density(S.floor(k) + 1, S.trunc(n) - S.floor(k), p)], *_KNP)
special("bdtrc", [unknown(0), unknown(1), lambda y, k, n, p: beta_density(S.floor(k) + 1, S.trunc(n) - S.floor(k), p)], *_KNP)
special("bdtri", [unknown(0), unknown(1), lambda p, k, n, y: -1 / beta_density(S.floor(k) + 1, S.trunc(n) - S.floor(k), p)], *_KNP)
special("nbdtr", [unknown(0), unknown(1), lambda y, k, n, p: beta_density(S.trunc(n), S.floor(k) + 1, p)], *_KNP)
special("nbdtrc", [unknown(0), unknown(1), lambda y, k, n, p: -beta_density(S.trunc(n), S.floor(k) + 1, p)], *_KNP)
special("nbdtri", [unknown(0), unknown(1), lambda p, k, n, y: 1 / beta_density(S.trunc(n), S.floor(k) + 1, p)], *_KNP)
special("nrdtrimn", [lambda m, p, s, x: -s * S.exp(0.5 * S.square((x - m) / s)) * math.sqrt(2 * PI),
                     lambda m, p, s, x: (m - x) / s, 1], Sample(_UNIT, positives(3), reals(3)))  # fmt: skip
special("nrdtrisd", [lambda s, m, p, x: -1 / S.ndtri(p), lambda s, m, p, x: -s / S.ndtri(p) * normal_quantile_slope(p),
                     lambda s, m, p, x: 1 / S.ndtri(p)], Sample(reals(3, low=-2, high=-1), reals(3, low=0.6, high=0.9), positives(3)))  # fmt: skip


def normal_quantile_slope(p: Any) -> Any:
    return S.exp(0.5 * S.square(S.ndtri(p))) * math.sqrt(2 * PI)


special("owens_t", [lambda y, h, a: -S.exp(-0.5 * h * h) * S.erf(a * h * math.sqrt(0.5)) / math.sqrt(8 * PI),
                    lambda y, h, a: S.exp(-0.5 * h * h * (1 + a * a)) / (2 * PI * (1 + a * a))],
        Sample(positives(3), positives(3)))  # fmt: skip
special("voigt_profile", [lambda y, x, s, g: voigt_slopes(x, s, g)[0], lambda y, x, s, g: -(y + x * voigt_slopes(x, s, g)[0]
                          + g * voigt_slopes(x, s, g)[1]) / s, lambda y, x, s, g: voigt_slopes(x, s, g)[1]],
        Sample(reals(3), positives(3), positives(3)))  # fmt: skip


def voigt_slopes(x: Any, s: Any, g: Any) -> tuple[Any, Any]:
    """In x and gamma: real part and minus the imaginary part of ``w'(z)/(s*s*sqrt(4 pi))``, z = (x + i gamma)/(s sqrt 2)."""
    z = (x + 1j * g) * (1 / (s * math.sqrt(2)))
    slope = 2j / math.sqrt(PI) - 2 * z * S.wofz(z)
    scale = 1 / (s * s * (2 * math.sqrt(PI)))
    return S.real(slope) * scale, -S.imag(slope) * scale


# -- integrals: sine and cosine, Fresnel's
part("sine_integral", "sici", 0, [lambda y, x: S.sinc(x * (1 / PI), order=0)], *_POSITIVE)
part("cosine_integral", "sici", 1, [lambda y, x: S.cos(x) / x], *_POSITIVE)
several("sici", "sine_integral", "cosine_integral")
part("sinh_integral", "shichi", 0, [lambda y, x: 0.5 * (S.exprel(x) + S.exprel(-x))], *_POSITIVE)
part("cosh_integral", "shichi", 1, [lambda y, x: S.cosh(x) / x], *_POSITIVE)
several("shichi", "sinh_integral", "cosh_integral")
part("fresnel_s", "fresnel", 0, [lambda y, x: S.sin(x * x * (PI / 2))], *_REAL)
part("fresnel_c", "fresnel", 1, [lambda y, x: S.cos(x * x * (PI / 2))], *_REAL)
several("fresnel", "fresnel_s", "fresnel_c")

# -- Airy, Bessel with scales, Kelvin, Struve ----------------------------------------------------------------
part("airy_ai", "airy", 0, [lambda y, x: S.airy_aip(x)], *_REAL)
part("airy_aip", "airy", 1, [lambda y, x: x * S.airy_ai(x)], *_REAL)
part("airy_bi", "airy", 2, [lambda y, x: S.airy_bip(x)], *_REAL)
part("airy_bip", "airy", 3, [lambda y, x: x * S.airy_bi(x)], *_REAL)
several("airy", "airy_ai", "airy_aip", "airy_bi", "airy_bip")
special("jve", [unknown(0), lambda y, v, x: 0.5 * (S.jve(v - 1, x) - S.jve(v + 1, x))], *_ORDER)
special("yve", [unknown(0), lambda y, v, x: 0.5 * (S.yve(v - 1, x) - S.yve(v + 1, x))], *_ORDER)
special("hankel1e", [unknown(0), lambda y, v, z: 0.5 * (S.hankel1e(v - 1, z) - S.hankel1e(v + 1, z)) - 1j * y], Sample(integers(3), complexes(3)))
special("hankel2e", [unknown(0), lambda y, v, z: 0.5 * (S.hankel2e(v - 1, z) - S.hankel2e(v + 1, z)) + 1j * y], Sample(integers(3), complexes(3)))
part("kelvin_be", "kelvin", 0, [lambda y, x: S.kelvin_bep(x)], *_POSITIVE)
part("kelvin_ke", "kelvin", 1, [lambda y, x: S.kelvin_kep(x)], *_POSITIVE)
part("kelvin_bep", "kelvin", 2, [lambda y, x: 1j * S.kelvin_be(x) - y / x], *_POSITIVE)
part("kelvin_kep", "kelvin", 3, [lambda y, x: 1j * S.kelvin_ke(x) - y / x], *_POSITIVE)
several("kelvin", "kelvin_be", "kelvin_ke", "kelvin_bep", "kelvin_kep")
for _name, _whole, _take in (
    ("ber", "kelvin_be", "real"), ("bei", "kelvin_be", "imag"), ("ker", "kelvin_ke", "real"), ("kei", "kelvin_ke", "imag"),
    ("berp", "kelvin_bep", "real"), ("beip", "kelvin_bep", "imag"), ("kerp", "kelvin_kep", "real"), ("keip", "kelvin_kep", "imag"),
):  # fmt: skip
    named(_name)(lambda x, whole=_whole, take=_take: BY_NAME[take](BY_NAME[whole](*numbers((x,)))))


def struve_slope(y: Value, v: Any, x: Any) -> Any:
    """``(H_(v-1) - H_(v+1) + (x/2)**v / (sqrt(pi) gamma(v + 3/2)))/2`` (DLMF 11.4.24)."""
    return 0.5 * (S.struve(v - 1, x) - S.struve(v + 1, x) + struve_term(v, x))


def struve_term(v: Any, x: Any) -> Any:
    return S.power(0.5 * x, v) * S.rgamma(v + 1.5) * (1 / math.sqrt(PI))


special("struve", [unknown(0), struve_slope], *_ORDER)
special("modstruve", [unknown(0), lambda y, v, x: 0.5 * (S.modstruve(v - 1, x) + S.modstruve(v + 1, x) + struve_term(v, x))], *_ORDER)
part("parabolic_d", "pbdv", 0, [unknown(0), lambda y, v, x: S.parabolic_dp(v, x)], *_ORDER)
part("parabolic_dp", "pbdv", 1, [unknown(0), lambda y, v, x: (0.25 * x * x - v - 0.5) * S.parabolic_d(v, x)], *_ORDER)
several("pbdv", "parabolic_d", "parabolic_dp")
part("parabolic_v", "pbvv", 0, [unknown(0), lambda y, v, x: S.parabolic_vp(v, x)], *_ORDER)
part("parabolic_vp", "pbvv", 1, [unknown(0), lambda y, v, x: (0.25 * x * x - v - 0.5) * S.parabolic_v(v, x)], *_ORDER)
several("pbvv", "parabolic_v", "parabolic_vp")

# -- elliptic: Carlson's symmetric integrals (DLMF 19.18), Jacobi's functions (DLMF 22.13) -----------------------
_XYZ = (Sample(positives(3), positives(3), positives(3)),)
special("elliprc", [lambda r, x, y: rc_slope(r, x, y), lambda r, x, y: -(0.5 * r + x * rc_slope(r, x, y)) / y],
        Sample(reals(3, low=0.2, high=0.9), reals(3, low=1.1, high=2)))  # fmt: skip
special("elliprf", [lambda r, x, y, z: S.elliprd(y, z, x) * (-1 / 6), lambda r, x, y, z: S.elliprd(z, x, y) * (-1 / 6),
                    lambda r, x, y, z: S.elliprd(x, y, z) * (-1 / 6)], *_XYZ)  # fmt: skip


def rc_slope(r: Any, x: Any, y: Any) -> Any:
    """Of ``R_C(x, y)`` in x: the closed form, where that loses digits the integral."""
    near = S.less(S.absolute(x - y), 0.05 * y)
    distance = S.where(near, 1.0, y - x)
    return S.where(near, S.elliprd(y, y, x) * (-1 / 6), 0.5 * (r - 1 / S.sqrt(x)) / distance)


def rd_slope(r: Any, x: Any, y: Any, z: Any) -> Any:
    """Of ``R_D(x, y, z)`` in x; nan where x is z, and close to it as many digits as x and z share are lost."""
    return (S.elliprd(y, z, x) - r) / (2 * (x - z))


special("elliprd", [lambda r, x, y, z: rd_slope(r, x, y, z), lambda r, x, y, z: rd_slope(r, y, x, z),
                    lambda r, x, y, z: -(1.5 * r + x * rd_slope(r, x, y, z) + y * rd_slope(r, y, x, z)) / z],
        Sample(reals(3, low=0.2, high=0.5), reals(3, low=0.7, high=0.9), reals(3, low=1.2, high=2)))  # fmt: skip
special("elliprg", [lambda r, x, y, z: rg_slope(x, y, z), lambda r, x, y, z: rg_slope(y, z, x), lambda r, x, y, z: rg_slope(z, x, y)], *_XYZ)


def rg_slope(x: Any, y: Any, z: Any) -> Any:
    """Of ``R_G`` in x (DLMF 19.18.2 with 19.21.10)."""
    return 0.25 * (S.elliprf(x, y, z) - x * S.elliprd(y, z, x) * (1 / 3))


def amplitude_slope(u: Any, m: Any) -> Any:
    """Of ``am(u, m)`` in m, which keeps ``F(am, m) = u``."""
    return -S.jacobi_dn(u, m) * ellipkinc_slope(S.jacobi_am(u, m), m)


_UM = (Sample(positives(3), 0.4), Sample(positives(), 0.3))
part("jacobi_sn", "ellipj", 0, [lambda y, u, m: S.jacobi_cn(u, m) * S.jacobi_dn(u, m),
                                lambda y, u, m: S.jacobi_cn(u, m) * amplitude_slope(u, m)], *_UM)  # fmt: skip
part("jacobi_cn", "ellipj", 1, [lambda y, u, m: -S.jacobi_sn(u, m) * S.jacobi_dn(u, m),
                                lambda y, u, m: -S.jacobi_sn(u, m) * amplitude_slope(u, m)], *_UM)  # fmt: skip
part("jacobi_dn", "ellipj", 2, [lambda y, u, m: -m * S.jacobi_sn(u, m) * S.jacobi_cn(u, m), lambda y, u, m: dn_slope(y, u, m)], *_UM)
part("jacobi_am", "ellipj", 3, [lambda y, u, m: S.jacobi_dn(u, m), lambda y, u, m: amplitude_slope(u, m)], *_UM)


def dn_slope(y: Any, u: Any, m: Any) -> Any:
    """In m, of ``sqrt(1 - m sn**2)``."""
    s = S.jacobi_sn(u, m)
    return -(0.5 * s * s + m * s * S.jacobi_cn(u, m) * amplitude_slope(u, m)) / y


several("ellipj", "jacobi_sn", "jacobi_cn", "jacobi_dn", "jacobi_am")

# -- the zeta function; polynomials on other intervals ---------------------------------------------------------
named("eval_sh_legendre")(lambda n, x: S.eval_legendre(*numbers((n, 2.0 * x - 1.0))))
named("eval_sh_chebyt")(lambda n, x: S.eval_chebyt(*numbers((n, 2.0 * x - 1.0))))
named("eval_sh_chebyu")(lambda n, x: S.eval_chebyu(*numbers((n, 2.0 * x - 1.0))))
named("eval_chebyc")(lambda n, x: 2.0 * S.eval_chebyt(*numbers((n, 0.5 * x))))
named("eval_chebys")(lambda n, x: S.eval_chebyu(*numbers((n, 0.5 * x))))
named("round")(lambda x: S.rint(*numbers((x,))))
