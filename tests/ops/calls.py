"""Calls of NumPy, Python and math, as source text, whose results' kind, dtype and shape are held to NumPy's."""

from __future__ import annotations

ONE = """
np.round({a},1) ; np.sum({a},dtype=np.int8) ; np.mean({a},dtype=np.int8) ; np.mean({a},dtype=np.float32) ; np.mean({a},dtype=int,axis=0)
np.var({a},dtype=np.float32) ; np.var({a},dtype=int) ; np.std({a},axis=0) ; np.std({a},ddof=1,keepdims=True)
np.var({a},axis=0,dtype=np.float16) ; np.cumsum({a},dtype=np.int8) ; np.cumprod({a},dtype=np.uint8) ; np.prod({a},dtype=bool)
np.sum({a},dtype=bool) ; np.sum({a},dtype=np.float16) ; np.nansum({a},dtype=np.int8) ; np.nanmean({a},axis=0) ; np.nanvar({a},axis=0)
np.nanmax({a},axis=0) ; np.nanmin({a}) ; np.nanmedian({a}) ; np.nanmedian({a},axis=0) ; np.nanprod({a},axis=0) ; np.nancumprod({a})
np.nanquantile({a},0.3) ; np.nanargmin({a},axis=0) ; np.nanstd({a},ddof=1) ; np.median({a}) ; np.median({a},axis=0)
np.quantile({a},[0.3]) ; np.quantile({a},np.float64(0.3)) ; np.percentile({a},30,axis=0) ; np.percentile({a},[30,50])
np.quantile({a},0.3,method='lower') ; np.quantile({a},0.5,method='midpoint') ; np.quantile({a},0.3,method='nearest') ; np.max({a},axis=())
np.mean({a},axis=()) ; np.any({a},axis=()) ; np.prod({a},axis=()) ; np.argmax({a},keepdims=True) ; np.argmin({a},axis=0,keepdims=True)
np.any({a}) ; np.all({a},axis=0) ; {a}.any() ; {a}.all() ; {a}.max(axis=0) ; {a}.min() ; {a}.mean(axis=0) ; {a}.std() ; {a}.argmin()
{a}.argmax(0) ; {a}.sum(0) ; {a}.sum(axis=-1,keepdims=True) ; {a}.sum(dtype=np.float32) ; {a}.trace() ; np.trace({a})
np.trace({a},1,dtype=np.float32) ; {a}+300 ; {a}*-1 ; {a}-1 ; -1-{a} ; {a}<300 ; {a}==-1 ; {a}!=2.5 ; np.maximum({a},300) ; {a}/300
{a}**300 ; {a}**0.5 ; {a}**-1 ; {a}//0 ; {a}%0 ; {a}%3 ; {a}//2 ; {a}//-2.5 ; {a}%-2.5 ; {a}>>9 ; {a}<<3 ; {a}&6 ; {a}^1 ; ~{a} ; -{a}
abs({a}) ; {a}*1.5 ; {a}*1j ; {a}+True ; True-{a} ; {a}/2 ; 2/{a} ; divmod({a},2) ; divmod({a},0.75) ; pow({a},2) ; 2**{a} ; 1.5**{a}
{a}@{a} ; np.clip({a},-1,300) ; np.clip({a},0,1) ; np.clip({a},0.5,1.5) ; np.clip({a},None,1) ; {a}.clip(0) ; {a}.clip(max=1)
np.where({a}>0,{a},300) ; np.where({a}>0,{a},1.5) ; np.where({a}>0,1,0) ; np.where({a}>0,1.5,2) ; np.where({a}>0,{a},-1) ; np.full(2,{a})
np.full((2,),{a}.sum()) ; np.full_like({a},300) ; np.full_like({a},-1) ; np.full_like({a},1.5) ; np.full_like({a},300.7)
np.full(2,1,dtype=np.uint8)+{a} ; np.array([{a},{a}]) ; np.array([{a},1]) ; np.array([{a},1.5]) ; np.array([{a},1.5],dtype=np.int8)
np.asarray({a},dtype=np.float32) ; np.array({a},ndmin=2) ; np.array({a},dtype=np.int8) ; float({a}) ; int({a}) ; bool({a}) ; complex({a})
round({a}) ; round({a},1) ; {a}.item() ; {a}.tolist() ; np.float32({a}) ; np.int8({a}) ; np.uint8({a}) ; np.bool_({a}) ; np.complex64({a})
np.float16({a}) ; np.float64({a}) ; np.int64({a}) ; {a}.astype(bool) ; {a}.astype(np.int8) ; {a}.astype(np.uint8) ; {a}.astype(np.uint64)
{a}.astype(np.float16) ; {a}.astype(np.complex64) ; {a}.astype(int) ; {a}.astype(float) ; {a}.real ; {a}.imag ; {a}.conj()
{a}.conjugate() ; np.conj({a}) ; {a}.T ; {a}.copy() ; np.copy({a}) ; {a}.flatten() ; {a}.ravel() ; {a}.reshape(-1) ; {a}.squeeze()
{a}.transpose() ; {a}.nonzero()[0] ; {a}.round(1) ; {a}.round() ; {a}.cumsum() ; {a}.cumprod() ; {a}.prod() ; {a}.repeat(2) ; {a}.take(0)
{a}.take([0,0]) ; {a}.argsort() ; {a}.diagonal() ; {a}.var() ; {a}.ptp() ; {a}.dot({a}) ; {a}.swapaxes(0,-1) ; np.sin({a}) ; np.cos({a})
np.exp({a}) ; np.log({a}) ; np.sqrt({a}) ; np.cbrt({a}) ; np.square({a}) ; np.reciprocal({a}) ; np.sign({a}) ; np.absolute({a})
np.fabs({a}) ; np.negative({a}) ; np.positive({a}) ; np.floor({a}) ; np.ceil({a}) ; np.trunc({a}) ; np.rint({a}) ; np.fix({a})
np.around({a}) ; np.isnan({a}) ; np.isinf({a}) ; np.isfinite({a}) ; np.signbit({a}) ; np.modf({a}) ; np.frexp({a}) ; np.exp2({a})
np.expm1({a}) ; np.log1p({a}) ; np.log2({a}) ; np.log10({a}) ; np.sinh({a}) ; np.arctan({a}) ; np.arcsin({a}) ; np.arccosh({a})
np.arctanh({a}) ; np.deg2rad({a}) ; np.degrees({a}) ; np.radians({a}) ; np.logical_not({a}) ; np.invert({a}) ; np.bitwise_count({a})
np.sinc({a}) ; np.i0({a}) ; np.nan_to_num({a}) ; np.angle({a}) ; np.angle({a},deg=True) ; np.real_if_close({a}) ; np.isreal({a})
np.iscomplex({a}) ; np.unwrap({a}) ; np.heaviside({a},0.5) ; np.diff({a}) ; np.diff({a},n=2) ; np.gradient({a}) ; np.ediff1d({a})
np.trapezoid({a}) ; np.cumulative_sum({a}) ; np.cumulative_prod({a}) ; np.unique({a}) ; np.sort({a}) ; np.sort({a},axis=None)
np.argsort({a}) ; np.argpartition({a},0) ; np.flip({a}) ; np.flip({a},0) ; np.roll({a},1) ; np.roll({a},1,axis=0) ; np.tile({a},2)
np.repeat({a},2) ; np.repeat({a},2,axis=0) ; np.pad({a},1) ; np.pad({a},1,mode='edge') ; np.pad({a},1,mode='mean')
np.pad({a},1,mode='linear_ramp') ; np.pad({a},1,mode='maximum') ; np.diag({a}) ; np.diagflat({a}) ; np.tril({a}) ; np.triu({a})
np.vander({a}) ; np.atleast_1d({a}) ; np.atleast_2d({a}) ; np.atleast_3d({a}) ; np.expand_dims({a},0) ; np.broadcast_to({a},(2,3,3))
np.stack([{a},{a}]) ; np.concatenate([{a},{a}]) ; np.hstack([{a},{a}]) ; np.vstack([{a},{a}]) ; np.dstack([{a},{a}])
np.column_stack([{a},{a}]) ; np.append({a},1) ; np.append({a},1.5) ; np.insert({a},0,2) ; np.insert({a},0,1.5) ; np.delete({a},0)
np.block([{a},{a}]) ; np.split({a},1)[0] ; np.array_split({a},2)[0] ; np.rot90({a}) ; np.outer({a},{a}) ; np.inner({a},{a})
np.dot({a},{a}) ; np.vdot({a},{a}) ; np.kron({a},{a}) ; np.cross({a},{a}) ; np.tensordot({a},{a},axes=0) ; np.tensordot({a},{a},axes=1)
np.einsum('i->',{a}) ; np.einsum('ij->j',{a}) ; np.einsum('i,i->i',{a},{a}) ; np.einsum('ij,jk',{a},{a}) ; np.linalg.norm({a})
np.linalg.norm({a},axis=0) ; np.linalg.norm({a},1) ; np.linalg.norm({a},np.inf) ; np.linalg.norm({a},3) ; np.linalg.norm({a},'fro')
np.linalg.det({a}) ; np.linalg.inv({a}+3*np.eye(3)) ; np.linalg.matrix_power({a},2) ; np.linalg.slogdet({a}+3*np.eye(3))[0]
np.fft.fft({a}) ; np.fft.ifft({a}) ; np.fft.rfft({a}) ; np.fft.irfft({a}) ; np.fft.fft2({a}) ; np.fft.fftshift({a}) ; np.average({a})
np.average({a},axis=0) ; np.average({a},weights=np.ones_like({a})) ; np.cov({a}) ; np.corrcoef({a}) ; np.histogram({a},3)[0]
np.histogram({a},3)[1] ; np.digitize({a},[0.,1.]) ; np.searchsorted([0.,1.],{a}) ; np.polyval([1,2],{a}) ; np.polyval({a},2)
np.convolve({a},{a}) ; np.correlate({a},{a}) ; np.isclose({a},1) ; np.allclose({a},1) ; np.array_equal({a},{a}) ; np.count_nonzero({a})
np.count_nonzero({a},axis=0,keepdims=True) ; np.flatnonzero({a}) ; np.argwhere({a}) ; np.nonzero({a}) ; np.where({a}) ; np.zeros_like({a})
np.ones_like({a}) ; np.empty_like({a}).shape ; np.linspace(0,{a},3) ; np.linspace({a},1,3) ; np.arange({a}.size)
np.select([{a}>0],[{a}],-1) ; np.select([{a}>0],[{a}],0.5) ; np.choose({a}>0,[{a},2]) ; np.extract({a}>0,{a})
np.compress([True],{a},axis=0) ; np.fmax({a},1) ; np.fmin({a},0.5) ; np.fmod({a},2) ; np.remainder({a},-2) ; np.copysign({a},-1)
np.ldexp({a},2) ; np.hypot({a},3) ; np.arctan2({a},1) ; np.arctan2(0,{a}) ; np.logaddexp({a},0) ; np.float_power({a},2) ; np.power({a},2)
np.power({a},2.0) ; np.floor_divide({a},2) ; np.true_divide({a},2) ; np.left_shift({a},1) ; np.gcd({a},4) ; np.lcm({a},4)
np.add({a},1,dtype=np.float32) ; np.multiply({a},2,dtype=complex) ; np.add.reduce({a},axis=None) ; np.add.reduce({a},dtype=np.float32)
np.multiply.outer({a},[1.5,2]) ; np.add.outer({a},1) ; np.maximum.reduce({a},axis=-1) ; np.logical_or.reduce({a})
np.add.reduceat({a},[0,2,1]) ; np.maximum.reduceat({a},[0,1]) ; np.add.reduceat({a},[0,1],axis=-1) ; np.multiply.reduceat({a},[1,0])
np.add.accumulate({a},dtype=np.int8) ; np.maximum.accumulate({a},axis=-1) ; sum({a}) ; max({a}) ; min({a}) ; sorted({a}) ; len({a})
list({a}) ; any({a}) ; all({a}) ; not {a} ; {a} if {a} is not None else 0 ; [*{a}][0] ; {a}[0] ; {a}[-1] ; {a}[()] ; {a}[...] ; {a}[None]
{a}[1:] ; {a}[[0,-1]] ; {a}[{a}>0] ; {a}[0,0] ; {a}[...,0] ; {a}.flat[0] ; {a}.flat[1:] ; {a}.size ; {a}.shape ; {a}.ndim ; {a}.dtype.kind
{a}.itemsize ; {a}.nbytes ; np.size({a}) ; np.ndim({a}) ; np.shape({a}) ; np.isscalar({a}) ; np.result_type({a},1.5)==float
isinstance({a},float) ; isinstance({a},np.floating) ; isinstance({a},int) ; type({a})==float ; np.issubdtype({a}.dtype,np.integer)
"""
TWO = """
{a}+{b} ; {a}-{b} ; {a}*{b} ; {a}/{b} ; {a}//{b} ; {a}%{b} ; {a}**{b} ; {a}@{b} ; {a}<{b} ; {a}<={b} ; {a}=={b} ; {a}!={b} ; {a}&{b}
{a}|{b} ; {a}^{b} ; {a}<<{b} ; {a}>>{b} ; divmod({a},{b}) ; np.add({a},{b}) ; np.subtract({a},{b}) ; np.multiply({a},{b})
np.divide({a},{b}) ; np.floor_divide({a},{b}) ; np.power({a},{b}) ; np.float_power({a},{b}) ; np.remainder({a},{b}) ; np.fmod({a},{b})
np.maximum({a},{b}) ; np.minimum({a},{b}) ; np.arctan2({a},{b}) ; np.hypot({a},{b}) ; np.logaddexp({a},{b}) ; np.logaddexp2({a},{b})
np.copysign({a},{b}) ; np.heaviside({a},{b}) ; np.ldexp({a},{b}) ; np.gcd({a},{b}) ; np.lcm({a},{b}) ; np.logical_and({a},{b})
np.bitwise_and({a},{b}) ; np.equal({a},{b}) ; np.less({a},{b}) ; np.where({a},{a},{b}) ; np.where({a}>{b},{a},{b}) ; np.clip({a},{b},None)
np.clip({a},{b},{b}) ; np.stack([{a},{b}]) ; np.concatenate([{a},{b}]) ; np.hstack([{a},{b}]) ; np.vstack([{a},{b}]) ; np.append({a},{b})
np.outer({a},{b}) ; np.inner({a},{b}) ; np.dot({a},{b}) ; np.vdot({a},{b}) ; np.matmul({a},{b}) ; np.kron({a},{b})
np.tensordot({a},{b},axes=1) ; np.tensordot({a},{b},axes=0) ; np.cross({a},{b}) ; np.convolve({a},{b}) ; np.correlate({a},{b})
np.polyval({a},{b}) ; np.searchsorted({a},{b}) ; np.isclose({a},{b}) ; np.allclose({a},{b}) ; np.array_equal({a},{b})
np.array([{a},{b}]) ; np.select([{a}>0],[{a}],{b}) ; np.choose([0,1,0],[{a},{b}]) ; np.full_like({a},{b}) ; np.full(2,{a},dtype=np.int8)
np.linspace({a},{b},3) ; np.add.outer({a},{b}) ; np.einsum('i,i',{a},{b}) ; np.einsum('ij,j',{a},{b}) ; np.broadcast_arrays({a},{b})[0]
np.isin({a},{b}) ; np.average({a},weights={b}) ; np.sum({a},initial={b}) ; np.max({a},initial={b}) ; np.sum({a},where={b})
np.vecdot({a},{b}) ; np.matvec({a},{b}) ; np.vecmat({a},{b}) ; np.trapezoid({a},{b}) ; np.trapezoid({a},dx={b})
np.diff({a},prepend={b}) ; np.diff({a},append={b}) ; np.cov({a},{b}) ; np.bincount({a},weights={b}) ; np.digitize({a},{b})
np.compress({a},{b}) ; np.extract({a},{b}) ; {a}.dot({b}) ; {a}.clip({b}) ; np.c_[{a},{b}] ; np.meshgrid({a},{b})[1] ; np.block([{a},{b}])
np.column_stack([{a},{b}]) ; np.dstack([{a},{b}])
"""


def templates(text: str) -> list[str]:
    """The calls of a table, one after the other."""
    return [call.strip() for line in text.splitlines() for call in line.split(" ; ") if call.strip()]
