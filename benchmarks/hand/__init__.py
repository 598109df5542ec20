"""Hand-derived, hand-written gradients in numba: what a numerical programmer would reach with time and care."""

from . import ad_bench, dense, grids, hand_tracking, higher, kalman, loops, markets, small

GRADIENTS = {
    **small.GRADIENTS,
    **loops.GRADIENTS,
    **grids.GRADIENTS,
    **dense.GRADIENTS,
    **markets.GRADIENTS,
    **higher.GRADIENTS,
    **ad_bench.GRADIENTS,
    **hand_tracking.GRADIENTS,
    **kalman.GRADIENTS,
}
