"""Two photographs brought into line: scipy.ndimage's own rotate, shift and filters, differentiated as they are.

The misfit of the turned and moved picture is minimised with exact gradients; the true angle and shift come out.
"""

import numpy as np
from scipy import ndimage

from bcad import minimize

rng = np.random.default_rng(0)
scene = ndimage.gaussian_filter(rng.random((40, 40)), 3.0)
scene /= scene.max()


def seen_by(angle, shift, picture=scene):
    """What another camera sees: the picture turned by some degrees and moved by some pixels."""
    turned = ndimage.rotate(picture, angle, reshape=False, order=3, mode="nearest")
    return ndimage.shift(turned, shift, order=3, mode="nearest")


def misfit(p):
    inner = np.s_[8:-8, 8:-8]  # what both cameras see
    return np.sum((seen_by(p[0], p[1:])[inner] - photograph[inner]) ** 2)


photograph = seen_by(7.5, (1.25, -2.4))

if __name__ == "__main__":
    found = minimize(misfit, np.zeros(3), method="BFGS", tol=1e-10)
    angle, *shift = found.x
    print(f"turned by {angle:.4f} degrees, moved by {shift[0]:.4f} and {shift[1]:.4f} pixels")
    print(f"misfit {found.fun:.1e} after {found.nit} iterations")
