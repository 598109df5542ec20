"""Textbook functions and, beside each, the gradient a person would write: the golden table of printing."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from .textbook_form import SIGNS, SYMMETRIC, TABLE, X5, Textbook, matrix, names_for_reading, positive, read, vector
from .textbook_harder import HARDER

__all__ = ["TEXTBOOK", "Textbook", "names_for_reading", "read"]

TEXTBOOK = [
    Textbook("square", lambda x: (x + 1) ** 2, (2.0,), "f(x) = (x + 1)**2\ndf/dx = 2*(x + 1)"),
    Textbook(
        "polynomial", lambda x: 3 * x**3 - 2 * x**2 + 5 * x - 7, (1.5,),
        "f(x) = 3*x**3 - 2*x**2 + 5*x - 7\ndf/dx = 9*x**2 - 4*x + 5",
    ),
    Textbook(
        "sum of squares", lambda x: ((x + 1) ** 2).sum(), (vector(3),),
        "f(x) = sum((x + 1)**2)\ndf/dx = 2*(x + 1)",
    ),
    Textbook(
        "squared norm", lambda x: x @ x, (vector(3),),
        "f(x) = x @ x\ndf/dx = 2*x",
    ),
    Textbook("norm", lambda x: np.sqrt(np.sum(x**2)), (vector(3),), "f(x) = sqrt(sum(x**2))\ndf/dx = x/sqrt(sum(x**2))"),
    Textbook(
        "distance", lambda x, y: np.sqrt(np.sum((x - y) ** 2)), (vector(3), vector(3, 1)),
        "f(x, y) = sqrt(sum((x - y)**2))\n"
        "df/dx = (x - y)/sqrt(sum((x - y)**2))\n"
        "df/dy = (y - x)/sqrt(sum((x - y)**2))",
    ),
    Textbook(
        "dot product", lambda a, b: a @ b, (vector(3), vector(3, 1)),
        "f(a, b) = a @ b\ndf/da = b\ndf/db = a",
    ),
    Textbook(
        "mean", lambda x: x.mean(), (vector(4),),
        "f(x) = mean(x)\ndf/dx = full(x.shape, 1/x.size)",
    ),
    Textbook(
        "variance", lambda x: np.mean((x - x.mean()) ** 2), (vector(4),),
        "f(x) = mean((x - mean(x))**2)\ndf/dx = 2*(x - mean(x))/x.size",
    ),
    Textbook(
        "quadratic form", lambda x, A: x @ A @ x, (vector(3), matrix(3, 3)),
        "f(x, A) = x @ A @ x\ndf/dx = A @ x + A.T @ x\ndf/dA = outer(x, x)",
    ),
    Textbook(
        "least squares", lambda w, X, y: np.sum((X @ w - y) ** 2), (vector(2), matrix(5, 2), vector(5, 1)),
        "f(w, X, y) = sum((X @ w - y)**2)\n"
        "r = X @ w - y\n"
        "df/dw = 2*(X.T @ r)\n"
        "df/dX = 2*outer(r, w)\n"
        "df/dy = -2*r",
    ),
    Textbook(
        "ridge", lambda w: np.sum((X5 @ w - SIGNS) ** 2) + 0.1 * np.sum(w**2), (vector(2),),
        "f(w) = sum((X5 @ w - SIGNS)**2) + 0.1*sum(w**2)\n"
        "df/dw = 2*(X5.T @ (X5 @ w - SIGNS)) + 0.2*w",
    ),
    Textbook(
        "sigmoid", lambda x: 1 / (1 + np.exp(-x)), (0.3,),
        "f(x) = 1/(1 + exp(-x))\ndf/dx = exp(-x)/(1 + exp(-x))**2",
    ),
    Textbook("tanh", lambda x: np.tanh(x), (0.3,), "f(x) = tanh(x)\ndf/dx = 1 - tanh(x)**2"),
    Textbook("softplus", lambda x: np.log1p(np.exp(x)), (0.3,), "f(x) = log1p(exp(x))\ndf/dx = exp(x)/(1 + exp(x))"),
    Textbook(
        "logistic loss", lambda w: np.sum(np.log1p(np.exp(-SIGNS * (X5 @ w)))), (vector(2),),
        "f(w) = sum(log1p(exp(-SIGNS*(X5 @ w))))\n"
        "e = exp(-SIGNS*(X5 @ w))\n"
        "df/dw = -(X5.T @ (SIGNS*e/(1 + e)))",
    ),
    Textbook(
        "log-sum-exp", lambda x: np.log(np.sum(np.exp(x))), (vector(4),),
        "f(x) = log(sum(exp(x)))\ndf/dx = exp(x)/sum(exp(x))",
    ),
    Textbook(
        "cross entropy", lambda z, p: np.log(np.sum(np.exp(z))) - p @ z, (vector(3), np.array([0.2, 0.5, 0.3])),
        "f(z, p) = log(sum(exp(z))) - p @ z\ndf/dz = exp(z)/sum(exp(z)) - p\ndf/dp = -z",
    ),
    Textbook(
        "entropy", lambda p: -np.sum(p * np.log(p)), (np.array([0.2, 0.5, 0.3]),),
        "f(p) = -sum(p*log(p))\ndf/dp = -log(p) - 1",
    ),
    Textbook(
        "geometric mean", lambda x: np.exp(np.mean(np.log(x))), (positive(4),),
        "f(x) = exp(mean(log(x)))\ndf/dx = exp(mean(log(x)))/(x.size*x)",
    ),
    Textbook(
        "Gaussian log-density", lambda x, m, s: -((x - m) ** 2) / (2 * s**2) - np.log(s), (0.5, 0.2, 1.3),
        "f(x, m, s) = -(x - m)**2/(2*s**2) - log(s)\n"
        "df/dx = -(x - m)/s**2\n"
        "df/dm = (x - m)/s**2\n"
        "df/ds = (x - m)**2/s**3 - 1/s",
    ),
    Textbook(
        "Rosenbrock", lambda x, y: 100 * (y - x**2) ** 2 + (1 - x) ** 2, (-1.2, 1.0),
        "f(x, y) = 100*(y - x**2)**2 + (1 - x)**2\n"
        "df/dx = -400*x*(y - x**2) - 2*(1 - x)\n"
        "df/dy = 200*(y - x**2)",
    ),
    Textbook(
        "Himmelblau", lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, (1.0, 2.0),
        "f(x, y) = (x**2 + y - 11)**2 + (x + y**2 - 7)**2\n"
        "df/dx = 4*x*(x**2 + y - 11) + 2*(x + y**2 - 7)\n"
        "df/dy = 2*(x**2 + y - 11) + 4*y*(x + y**2 - 7)",
    ),
    Textbook(
        "wave", lambda t, w, a: a * np.sin(w * t), (0.7, 2.0, 1.5),
        "f(t, w, a) = a*sin(w*t)\ndf/dt = a*w*cos(w*t)\ndf/dw = a*t*cos(w*t)\ndf/da = sin(w*t)",
    ),
    Textbook("power", lambda x, n: x**n, (1.5, 2.5), "f(x, n) = x**n\ndf/dx = n*x**(n - 1)\ndf/dn = x**n*log(x)"),
    Textbook("quotient", lambda x, y: x / y, (1.5, 2.5), "f(x, y) = x/y\ndf/dx = 1/y\ndf/dy = -x/y**2"),
    Textbook("angle", lambda y, x: np.arctan2(y, x), (1.0, 2.0),
             "f(y, x) = arctan2(y, x)\ndf/dy = x/(x**2 + y**2)\ndf/dx = -y/(x**2 + y**2)"),
    Textbook(
        "log-determinant", lambda A: np.linalg.slogdet(A)[1], (SYMMETRIC,),
        "f(A) = linalg.slogdet(A)[1]\ndf/dA = linalg.inv(A).T",
    ),
    Textbook("trace of a product", lambda A, B: np.trace(A @ B), (matrix(2, 3), matrix(3, 2, 1)),
             # B.T and A.T are right only where A @ B is square, which trace() does not ask for.
             "f(A, B) = trace(A @ B)\nI = eye(A.shape[0], B.shape[1])\ndf/dA = I @ B.T\ndf/dB = A.T @ I"),
    Textbook(
        "solve", lambda b: np.sum(np.linalg.solve(SYMMETRIC, b) ** 2), (vector(2),),
        "f(b) = sum(linalg.solve(SYMMETRIC, b)**2)\ndf/db = 2*linalg.solve(SYMMETRIC.T, linalg.solve(SYMMETRIC, b))",
    ),
    Textbook(
        "Black-Scholes delta", lambda S, K, v: ndtr(np.log(S / K) / v + v / 2), (100.0, 110.0, 0.3),
        "f(S, K, v) = ndtr(log(S/K)/v + v/2)\n"
        "p = exp(-(log(S/K)/v + v/2)**2/2)/sqrt(2*pi)\n"
        "df/dS = p/(S*v)\n"
        "df/dK = -p/(K*v)\n"
        "df/dv = p*(1/2 - log(S/K)/v**2)",
    ),
    Textbook(
        "matrix factorisation", lambda U, V: np.sum((U @ V.T - TABLE) ** 2), (matrix(3, 2), matrix(4, 2, 1)),
        "f(U, V) = sum((U @ V.T - TABLE)**2)\n"
        "r = U @ V.T - TABLE\n"
        "df/dU = 2*(r @ V)\n"
        "df/dV = 2*(r.T @ U)",
    ),
    Textbook("largest entry", lambda x: np.sum(np.maximum(x, 0.0) ** 2), (vector(4),),
             "f(x) = sum(maximum(x, 0)**2)\ndf/dx = 2*maximum(x, 0)"),
    *HARDER,
]  # fmt: skip
