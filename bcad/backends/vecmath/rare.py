"""Trigonometric arguments of any size: exact reduction modulo pi, kept out of the vector loop."""

from __future__ import annotations

from .builder import Builder, Format, Value
from .coefficients import INVERSE_PI
from .library import Definition

#: lanes for which masked variants exist: 128 to 512 bits, also of float32 beside float64
WIDTHS = {"double": (2, 4, 8), "float": (2, 4, 8, 16)}
#: zero bytes before the bits of 1/pi: windows for small exponents start there
PADDING = 8
REDUCE = "bcad_half_turns"


def call_attributes(symbol: str, fmt: Format, masked: bool = True, arity: int = 1) -> str:
    """Names the vector variants of a call (LLVM Vector Function ABI, `_ZGV_LLVM_` mangling)."""
    mask, each = "M" if masked else "N", "v" * arity
    names = ",".join(f"_ZGV_LLVM_{mask}{n}{each}_{symbol}({symbol}_v{n})" for n in WIDTHS[fmt.llvm])
    return f'nounwind willreturn memory(none) "vector-function-abi-variant"="{names}"'


#: What a vectorised loop calls: a test and a return when no lane asks.
_VARIANT = """
define linkonce_odr <{n} x {t}> @{symbol}_v{n}(<{n} x {t}> %x, <{n} x i1> %mask) noinline nounwind {{
entry:
  %lanes = bitcast <{n} x i1> %mask to i{n}
  %none = icmp eq i{n} %lanes, 0
  br i1 %none, label %done, label %some, !prof !{{!"branch_weights", i32 2000, i32 1}}
some:
  %wide = zext i{n} %lanes to i32
  %memory = alloca <{n} x {t}>, align 8
  store <{n} x {t}> %x, ptr %memory, align 8
  call void @{symbol}_lanes(ptr %memory, i32 %wide)
  %y = load <{n} x {t}>, ptr %memory, align 8
  ret <{n} x {t}> %y
done:
  ret <{n} x {t}> %x
}}"""

#: Replaces the numbers in memory whose bits are set by their function values; %lanes is not 0.
_LANES = """
define linkonce_odr void @{symbol}_lanes(ptr %memory, i32 %lanes) noinline cold minsize optsize nounwind {{
entry:
  br label %lane
lane:
  %rest = phi i32 [ %lanes, %entry ], [ %fewer, %lane ]
  %k = call i32 @llvm.cttz.i32(i32 %rest, i1 false)
  %address = getelementptr {t}, ptr %memory, i32 %k
  %x = load {t}, ptr %address, align 4
  %y = call {t} @{symbol}({t} %x)
  store {t} %y, ptr %address, align 4
  %less = sub i32 %rest, 1
  %fewer = and i32 %rest, %less
  %more = icmp ne i32 %fewer, 0
  br i1 %more, label %lane, label %done
done:
  ret void
}}"""


def vector_variants(symbol: str, fmt: Format) -> tuple[str, tuple[str, ...]]:
    """The IR of the masked variants of a scalar function, and their symbols."""
    widths = WIDTHS[fmt.llvm]
    text = _LANES.format(t=fmt.llvm, symbol=symbol)
    text += "".join(_VARIANT.format(n=n, t=fmt.llvm, symbol=symbol) for n in widths)
    return text, tuple(f"{symbol}_v{n}" for n in widths)


def _table() -> tuple[str, int]:
    """1/pi as a little-endian byte string constant: loads at any byte are windows of its bits."""
    data = bytes(PADDING) + bytes.fromhex("".join(INVERSE_PI))
    return "".join(f"\\{b:02X}" for b in reversed(data)), len(data)


def _reduce_text() -> str:
    r"""``|x|/pi`` modulo 2 as a fixed-point number with 255 fraction bits (Payne and Hanek 1983).

    With x = m * 2**e, bits of 1/pi of weight above 2**-e only add multiples of 2. The 256-bit
    window starts at the byte holding the bit of weight 2**-e; an error of the cut-off tail is below 2**-195,
    while no double comes closer to a multiple of pi/2 than 2**-62 (Muller, Elementary Functions, 11.3).
    """
    table, size = _table()
    return f"""
@{REDUCE}_bits = linkonce_odr constant [{size} x i8] c"{table}"
define linkonce_odr i256 @{REDUCE}(double %x) noinline nounwind {{
  %bits = bitcast double %x to i64
  %high = lshr i64 %bits, 52
  %biased = and i64 %high, 2047
  %fraction = and i64 %bits, {(1 << 52) - 1}
  %mantissa = or i64 %fraction, {1 << 52}
  %first = add i64 %biased, {8 * PADDING - 1 - 1075}
  %byte = lshr i64 %first, 3
  %offset = sub i64 {size - 32}, %byte
  %address = getelementptr i8, ptr @{REDUCE}_bits, i64 %offset
  %window = load i256, ptr %address, align 1
  %wide = zext i64 %mantissa to i256
  %product = mul i256 %wide, %window
  %odd = and i64 %first, 7
  %shift = zext i64 %odd to i256
  %turns = shl i256 %product, %shift
  ret i256 %turns
}}"""


SUPPORT = {REDUCE: Definition(REDUCE, _reduce_text().strip(), frozenset(), frozenset())}


def reduce(m: Builder, x: Value, quarters: int = 0, period: str = "pi") -> tuple[Value, Value, Value]:
    """``|x| + quarters*pi/2 = n*period + r + low`` for |x| >= 2**10 in double: r, low, n modulo 2.

    `period` is "pi" or "half_pi"; |r| <= period/2.
    """
    m.helpers.add(REDUCE)
    m.declares.add("declare i256 @llvm.ctlz.i256(i256, i1)")

    def wide(instruction: str, kind: str = "i") -> Value:
        return m.emit(kind, instruction)

    turns = wide(f"call i256 @{REDUCE}(double {x.text})")
    turns = wide(f"add i256 {turns.text}, {quarters << 254}")
    if period == "half_pi":
        turns = wide(f"shl i256 {turns.text}, 1")
    rounded = wide(f"add i256 {turns.text}, {1 << 254}")
    count = wide(f"trunc i256 {wide(f'lshr i256 {rounded.text}, 255').text} to i64")
    signed = wide(f"shl i256 {turns.text}, 1")
    negative = wide(f"icmp slt i256 {signed.text}, 0", "b")
    minus = wide(f"sub i256 0, {signed.text}")
    size = wide(f"select i1 {negative.text}, i256 {minus.text}, i256 {signed.text}")
    zeros = wide(f"call i256 @llvm.ctlz.i256(i256 {size.text}, i1 false)")
    normal = wide(f"shl i256 {size.text}, {zeros.text}")
    exponent = wide(f"trunc i256 {zeros.text} to i64")

    def piece(start: int) -> Value:
        """53 bits of the normalised fraction as a float."""
        shifted = wide(f"lshr i256 {normal.text}, {256 - start - 53}")
        bits = wide(f"trunc i256 {shifted.text} to i64") & ((1 << 53) - 1)
        scale = m.power_of_two(-53 - start - exponent)
        return m.emit("f", f"sitofp i64 {bits.text} to double") * scale

    high, low = piece(0), piece(53)
    lead, rest = m.parts(period)[:2]
    r, r_low = m.two_product(high, lead)
    r_low = m.muladd(high, rest, m.muladd(low, lead, r_low))
    return m.select(negative, -r, r), m.select(negative, -r_low, r_low), count
