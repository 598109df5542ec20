"""What array programs are made of: NumPy's functions, indices, views and writes as templates of source text.

In a template ``{a}``, ``{b}``, ``{c}`` are any arrays or numbers, ``{f}``, ``{g}`` floats, ``{i}`` ints, ``{m}`` bools, ``{k}`` a small int,
``{r}`` a float as written in source, ``{ax}`` an axis, ``{dt}`` a dtype.
"""

from __future__ import annotations

ONE = """
np.sin({a}) np.cos({f}) np.tanh({a}) np.arctan({f}) np.square({a}) np.abs({a}) np.negative({f}) np.sign({f}) np.floor({f}) np.ceil({f})
np.rint({f}) np.trunc({f}) np.sqrt(np.abs({a})) np.log1p(np.abs({f})) np.exp(-np.abs({f})) np.cbrt({f}) np.expm1({f}) np.isnan({f}) np.isfinite({a})
np.logical_not({a}) np.reciprocal({f}+2.5) np.positive({f}) np.conj({a}) np.real({a}) np.imag({a}) np.degrees({f}) np.signbit({f}) np.nan_to_num({f})
~{i} ~{m} -{f} -{i} +{a} abs({a}) np.exp2({f}) np.log2(np.abs({f})+1) np.arcsinh({f}) np.sinc({f}) np.deg2rad({f}) np.around({f},{k}) np.round({a})
{a}.round(1) {a}.conj() {a}.real {a}.imag {a}.copy() np.copy({a}) np.array({a}) np.asarray({a}) np.ascontiguousarray({a}) np.log({f}) np.sqrt({f})
np.arcsin({f}) 1/{f} np.float64(2)*{a} {a}**2 {f}**3 {f}**-1 2**{i} np.invert({i}) np.isinf({f}) np.angle({a}) np.unwrap({f}) np.i0({f}) np.fabs({f}) np.modf({f})[0]
np.frexp({f})[0] np.spacing({f}) {a}.clip(-0.5,0.5) np.clip({a},None,{r}) np.bitwise_count(np.abs({i}))
""".split()

TWO = """
{a}+{b} {a}-{f} {a}*{b} {f}/{b} {f}//{r} {i}//{k} {f}%{r} {i}%{k} {f}%{g} {a}+{r} {r}-{a} {a}*{k} {i}/{k} {k}-{i} np.maximum({a},{b}) np.minimum({f},{g})
np.fmax({f},{g}) np.fmin({a},{b}) np.arctan2({f},{g}) np.hypot({a},{b}) np.logaddexp({f},{g}) np.copysign({f},{g}) np.fmod({f},{r}) np.remainder({f},{g})
divmod({f},{r})[0] divmod({f},{r})[1] np.floor_divide({a},{b}) np.power(np.abs({f})+0.5,{g}) np.float_power({f},2) {a}<{b} {a}<={r} {f}!={g} {a}=={b} {a}>{b}
np.logical_and({a},{b}) np.logical_or({m},{b}) np.logical_xor({a},{b}) {m}&{m} {i}|{k} {i}^{i} {i}<<{k} {i}>>1 {m}|({f}>{r}) np.where({m},{a},{b})
np.where({a}>{r},{b},{c}) np.where({f}>0,{k},{i}) np.where({m},{r},{f}) np.clip({a},{r},0.75) np.heaviside({f},0.5) np.isclose({a},{b}) np.subtract({a},{b})
np.multiply({a},{b}) np.true_divide({a},{b}) np.add({a},{b},dtype={dt}) np.ldexp({f},{i}%3) np.gcd({i},{k}) np.lcm({i},{k}) np.divide({f},{g},out=np.zeros_like({f}+{g}),where={g}!=0)
np.add({a},{b},where={m},out=np.ones(np.broadcast({a},{b},{m}).shape)) np.equal({a},{b}) np.nextafter({f},{g}) {a}@{b} np.dot({a},{b}) np.matmul({a},{b}) np.vdot({f},{f}) np.inner({a},{b})
np.outer({a},{b}) np.kron({f},{g}) np.tensordot({a},{b},axes=1) np.tensordot({a},{b},axes={k}) np.cross({f},{g}) np.einsum('ij,j->i',{a},{b}) np.einsum('ij,ij->j',{a},{b})
np.einsum('ij->ji',{a}) np.einsum('...i,...i',{a},{b}) np.einsum('i,j->ij',{a},{b}) np.einsum('ii',{a}) np.multiply.outer({a},{b}) np.subtract.outer({f},{g})
np.minimum({a},{r}) np.maximum({k},{i}) np.polyval({f},{g}) np.interp({f},np.sort({g}.ravel()),{g}.ravel()) np.convolve({f},{g}) np.correlate({f},{g},'same') np.digitize({f},np.sort({g}))
np.array_equal({a},{b}) np.allclose({a},{b}) np.array_equiv({a},{b}) np.linalg.multi_dot([{f},{f}.T,{f}]) np.vecdot({f},{g}) np.matvec({f},{g})
""".split()

REDUCED = """
{a}.sum() np.sum({a},axis={ax}) np.sum({a},axis={ax},keepdims=True) np.mean({a},axis={ax}) {a}.mean() np.prod({a},axis={ax}) np.var({f}) np.std({f},axis={ax},ddof={k})
{a}.max() np.max({a},axis={ax}) np.min({a},axis={ax},keepdims=True) np.any({a},axis={ax}) np.all({m}) {a}.argmax() np.argmax({a},axis={ax}) np.argmin({f})
np.cumsum({a}) np.cumsum({a},axis={ax}) np.cumprod({f},axis={ax}) np.ptp({a},axis={ax}) np.median({f},axis={ax}) np.nansum({f}) np.nanmax({f},axis={ax}) np.nanmean({f})
np.count_nonzero({a}) np.count_nonzero({a},axis={ax}) np.average({f},axis={ax}) np.average({f},weights=np.abs({f})+1) np.linalg.norm({f}) np.linalg.norm({f},axis={ax}) np.trace({a})
np.diff({a}) np.diff({a},axis={ax}) np.add.reduce({a}) np.multiply.reduce({a},axis={ax}) np.maximum.accumulate({a}) np.add.accumulate({a},axis={ax}) np.sum({a},dtype={dt})
np.sum({a},initial={r}) np.max({f},initial={r},where={m}) np.sum({a},where={m}) np.mean({f},where={m}) np.minimum.reduce({a}) np.logaddexp.reduce({f},axis={ax})
np.sum({a},axis=(0,1)) np.sum({a},axis=()) np.percentile({f},30) np.quantile({f},0.25,axis={ax}) np.nanstd({f}) np.trapezoid({f}) np.gradient({f}) np.gradient({f},axis={ax}) np.ediff1d({f})
np.add.reduceat({a},[0,1]) np.cov({f}) np.corrcoef({f}) np.histogram({f},3)[0] np.bincount(np.abs({i}).ravel()) np.bincount(np.abs({i}),weights={f}) np.unique({a}) np.amax({a}) {a}.var()
np.logical_and.reduce({a}) np.nancumsum({f}) np.nanargmax({f}) {a}.cumsum({ax}) {a}.prod() {a}.ptp() np.nanprod({f}) np.linalg.norm({f},1) np.linalg.norm({f},np.inf)
np.cumulative_sum({f},axis=0) np.argwhere({a}) np.linalg.det({f}@{f}.T+np.eye(len({f}))) np.linalg.inv({f}@{f}.T+2*np.eye(len({f}))) np.linalg.solve({f}@{f}.T+2*np.eye(len({f})),{g})
np.linalg.cholesky({f}@{f}.T+2*np.eye(len({f}))) np.linalg.slogdet({f}@{f}.T+2*np.eye(len({f})))[1] np.linalg.matrix_power({f}@{f}.T,2) np.fft.fft({f}) np.abs(np.fft.rfft({f}))
""".split()

MOVED = """
{a}.T {a}.reshape(-1) {a}.ravel() {a}[::-1] {a}[1:] {a}[:-1] {a}[:,None] {a}[...,0] {a}[None] {a}[:,::-1] {a}[::2] {a}[-1] {a}[0] {a}[1:,1:] {a}[...,None] {a}[{k}:]
np.swapaxes({a},0,{ax}) np.moveaxis({a},0,-1) np.expand_dims({a},{ax}) np.squeeze({a}) np.broadcast_to({a},(2,)+{a}.shape) np.flip({a}) np.flip({a},{ax}) np.rot90({a}) np.roll({a},{k})
np.roll({a},{k},axis={ax}) np.tile({a},2) np.tile({a},(2,1)) np.repeat({a},2) np.repeat({a},2,axis={ax}) np.repeat({a},{i}%3,axis=0) np.concatenate([{a},{b}]) np.concatenate([{a},{b}],axis={ax})
np.stack([{a},{b}]) np.stack([{a},{b}],axis=-1) np.vstack([{a},{b}]) np.hstack([{a},{b}]) np.column_stack([{a},{b}]) np.dstack([{a},{b}]) np.split({a},2)[0] np.array_split({a},2)[1]
np.pad({a},1) np.pad({f},(1,2),mode='edge') np.pad({f},1,mode='reflect') np.pad({f},1,constant_values={r}) np.diag({a}) np.tril({a}) np.triu({a},1) np.atleast_2d({a})
np.take({a},[0,-1]) np.take({a},{i}%2,axis=0) np.take_along_axis({a},np.argsort({a},axis={ax}),axis={ax}) np.compress([True,False],{a}) np.meshgrid({a},{b})[0] {a}.flatten()
{a}.flatten('F') {a}.ravel('F') {a}.reshape(-1,order='F') {a}.reshape(2,-1) {a}.reshape({a}.shape[::-1]) {a}.transpose() np.sort({a}) np.sort({a},axis={ax}) np.argsort({a}) np.argsort({f},kind='stable')
{a}[{m}] {a}[{f}>{r}] {a}[{i}%2] {a}[{i}%2,0] {a}[np.array([0,-1,0])] {a}[[0,-1]] {a}[:,[0,-1]] {a}[[0,-1],[0,0]] {a}[np.ix_([0,-1],[0])] {a}[...,[0,0]] {a}[np.argsort({f})]
np.nonzero({a})[0] np.flatnonzero({a}) np.where({a})[0] np.searchsorted(np.sort({f}),{g}) np.fliplr({a}) np.flipud({a}) np.block([{a},{b}]) np.append({a},{b})
np.insert({a},1,{r}) np.delete({a},0) np.delete({a},0,axis={ax}) np.diagonal({a}) np.hsplit({a},1)[0] np.choose({i}%2,[{f},{g}]) np.select([{f}>0,{m}],[{a},{b}],{r}) {a}.diagonal()
np.lib.stride_tricks.sliding_window_view({f},2) np.resize({a},(2,2)) np.trim_zeros({i}) {a}[{k}%len({a})] {a}[-{k}:] {a}[len({a})//2:] {a}[{a}.argmax()] np.apply_along_axis(np.sum,0,{a})
{a}.swapaxes(0,-1) {a}.squeeze() {a}.repeat(2) {a}.take([0]) {a}[()] {a}[0,...] np.row_stack([{a},{a}]) np.unstack({a})[0] np.matrix_transpose({a}) {a}.mT np.extract({m},{a}) np.rollaxis({a},-1)
""".split()

MADE = """
{a}.astype({dt}) np.zeros_like({a}) np.ones_like({a},dtype={dt}) np.full_like({a},{r}) np.full({a}.shape,{r}) np.arange(len({a})) np.arange({a}.size)*0.5 np.linspace(0,1,len({a}))
np.eye(len({a})) np.zeros({a}.shape[::-1]) np.ones(len({a}),dtype={dt}) np.array([{r},{f}.sum()]) np.array([{f}.ravel()[0],{k},{a}.size]) np.asarray({a},dtype={dt}) np.array({a},dtype={dt})
np.float32({f}) np.int64({i}) np.empty(0) np.array({a},copy=True) np.array([v*0.5for(v)in({f})]) np.array([v.sum()for(v)in({a})]) np.fromiter((v*2for(v)in({f}.ravel())),float) np.identity(2)
np.tri(len({a})) np.vander({f}) np.indices((2,2))[0] np.mgrid[0:2,0:3][1] np.r_[{f},{r}] np.c_[{f},{g}] np.geomspace(1,8,4) np.logspace(0,1,3) np.diagflat({a}) np.array([{a},{a}])
np.array({f}.tolist()) np.array([[{r},{k}],[{f}.ravel()[0],1]]) np.full(2,{f}.sum()) np.zeros({k},dtype={dt}) np.array({k}) np.broadcast_arrays({a},{b})[0] np.frombuffer(b'\\x01\\x02',dtype=np.uint8)
np.vectorize(math.sin)({f}) np.fromfunction(np.add,(2,2)) {f}.view() {a}.astype({dt})+{b} np.piecewise({f},[{f}<0,{f}>=0],[np.negative,np.square])
""".split()

NUMBERS = """
float({a}.sum()) int({i}.sum()) {f}.sum().item() len({a}) {a}.shape[0] {a}.size {a}.ndim float({a}.max()) bool({m}.any()) {f}.ravel()[0] {a}.flat[-1] {f}.sum()*0.5 sum({f}.ravel())
max({f}.ravel()) min({a}.ravel().tolist()) math.tanh({f}.sum()) abs({f}.ravel()[-1]) {f}.mean()>0 round(float({f}.sum()),1) float({f}.ravel()[0])//{r} int({f}.sum()*3)
{a}.itemsize {a}.nbytes float({r}) {k}*0.5 {a}.shape[-1] np.float64({r}) np.float32({r}) np.int8({k}) True complex({f}.sum(),{r}) {f}.dtype==np.float64 len({a}.shape)
""".split()

WRITES = """
{a}[...]={b} {a}+={b} {f}*={r} {a}-={k} {f}/={g} {a}[1:]*={b}[1:] {a}[0]={b} {a}[0]+={r} {a}[-1]={b}[0] {a}[{i}%2]+={r} {a}[{i}%2]={b} {a}[{m}]={r} {a}[{f}>{r}]*=0.5 {a}[{m}]+={b}[{m}]
np.add.at({a},{i}%2,{r}) np.subtract.at({a},[0,0,-1],{f}.ravel()[0]) {a}.T[0]={r} {a}.fill({r}) {a}.sort() {a}.sort(axis=0) np.multiply({a},{b},out={f}) np.sin({f},out={f}) np.add({a},{b},out={a})
np.copyto({a},{b}) np.copyto({a},{b},where={m}) np.put({a},[0,-1],{r}) np.putmask({a},{m},{b}) np.fill_diagonal({a},{r}) {a}.flat[0]={r} {a}.flat[:]={b}.ravel() {a}.ravel()[0]={r}
{a}.reshape(-1)[::2]={r} np.place({a},{m},[{r}]) {a}[:,0]={b} {a}[::-1]={b} {a}[::2]={a}[::2]*{r} {a}[1:]={a}[:-1] {a}[:-1]+={a}[1:] {a}[:]={a}[::-1] {a}[0],{a}[-1]={a}[-1],{a}[0]
{a}[[0,-1]]={a}[[-1,0]] {a}[:]=0 {a}[...,0]={r} {a}[...]=np.sin({b}) {i}+={k} {i}*=2 {i}//={k} {m}^=True {m}&={m} {f}**=2 {f}%={r} {f}//={r} {a}-={a}.mean() {a}/=np.abs({a}).sum()+1
{a}[np.arange(len({a})),0]={r} np.put_along_axis({a},np.argmax({a},axis=0)[None],{r},0) {a}[np.argmax({a})]=0 {a}.T[...]=-{a}.T {a}[0][...]={r} {a}[0,0]={f}.sum() {a}[{k}]+={f}.ravel()[0] {a}[1:,:-1]+=1
{a}.real+=1 {a}[:{k}]={r} {a}[-{k}:]*=2 np.negative({a},out={a}) np.clip({a},-0.5,0.5,out={a}) np.cumsum({f},out={f}) {a}.swapaxes(0,1)[0]={r} {a}.itemset(0,1)
np.sum({f},axis=0,out={g}) {a}[None,...]*=2 {a}[:,None]+=1 np.maximum({f},0,out={f},where={m}) {a}.put([0],[{r}]) {a}.byteswap(inplace=True) {a}.resize(2) np.exp({f},out={f},where={f}<0)
""".split()

TESTS = """
{f}.sum()>{r} {f}.mean()<0 {a}.max()>0.5 {i}.sum()%2==0 len({a})>2 {m}.any() np.all({f}>{r}) {a}.size>3 {f}.ravel()[0]>{r} {a}.ndim>1 not({m}.all()) {a}.shape[0]==1 {a}.dtype==float
{f}.ravel()[-1]<{g}.ravel()[0] np.isfinite({f}).all() {i}.ravel()[0]>1 {r}<{f}.sum()<2.5 ({f}.min()>-1)or({m}.all())
""".split()

DTYPES = ("np.float64", "np.float32", "np.int64", "np.int32", "bool", "complex", "np.uint8", "int", "float", "np.int8", "np.float16", "np.uint64", "np.complex64")
FLOATS = ("0.5", "-0.25", "1.5", "0.1", "-1.0", "2.0", "0.0", "0.75")
