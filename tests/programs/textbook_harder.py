"""Harder textbook functions, from statistics, physics and learning, with the gradients a person would write."""

from __future__ import annotations

import numpy as np

from .textbook_form import COUNTS, LABELS, SIGNS, SYMMETRIC, TABLE, X5, Textbook, matrix, positive, vector


def softmax_regression(W):
    z = X5 @ W
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(LABELS * z, axis=1))


def stable(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def density(x, m, S):
    d = x - m
    return -0.5 * (d @ np.linalg.solve(S, d)) - 0.5 * np.linalg.slogdet(S)[1]


def vega(S, K, v):
    d = np.log(S / K) / v + v / 2
    return S * np.exp(-(d**2) / 2) / np.sqrt(2 * np.pi)


def attention(q, K, V):
    p = np.exp(K @ q) / np.sum(np.exp(K @ q))
    return np.sum((p @ V) ** 2)


HARDER = [
    Textbook(
        "softmax cross-entropy", softmax_regression, (matrix(2, 3),),
        "z = X5 @ W\n"
        "softmax_regression(W) = mean(log(sum(exp(z), axis=1)) - sum(LABELS*z, axis=1))\n"
        "dsoftmax_regression/dW = (X5.T @ (exp(z)/sum(exp(z), axis=1)[:, None] - LABELS))/X5.shape[0]",
    ),
    Textbook(
        "stable log-sum-exp", stable, (vector(4),),
        "m = max(x)\n"
        "stable(x) = m + log(sum(exp(x - m)))\n"
        "dstable/dx = exp(x - m)/sum(exp(x - m))",
    ),
    Textbook(
        "multivariate Gaussian", density, (vector(2), vector(2, 1), SYMMETRIC),
        "d = x - m\n"
        "density(x, m, S) = -0.5*(d @ linalg.solve(S, d)) - 0.5*linalg.slogdet(S)[1]\n"
        "u = linalg.solve(S, d)\n"
        "u_2 = linalg.solve(S.T, d)\n"
        "ddensity/dx = -u_2/2 - u/2\n"
        "ddensity/dm = u_2/2 + u/2\n"
        "ddensity/dS = outer(u_2, u)/2 - linalg.inv(S).T/2",
    ),
    Textbook(
        "Black-Scholes vega", vega, (100.0, 110.0, 0.3),
        "d = log(S/K)/v + v/2\n"
        "vega(S, K, v) = S*exp(-d**2/2)/sqrt(2*pi)\n"
        "p = exp(-d**2/2)/sqrt(2*pi)\n"
        "dvega/dS = p - p*d/v\n"
        "dvega/dK = S*p*d/(K*v)\n"
        "dvega/dv = p*d*(S*log(S/K)/v**2 - S/2)",
    ),
    Textbook(
        "Huber", lambda x: np.sum(np.where(np.abs(x) < 1.5, x**2 / 2, 1.5 * (np.abs(x) - 0.75))), (vector(4),),
        "f(x) = sum(where(abs(x) < 1.5, x**2/2, 1.5*(abs(x) - 0.75)))\n"
        "df/dx = where(abs(x) < 1.5, x, 1.5*sign(x))",
    ),
    Textbook(
        "hinge", lambda w: np.mean(np.maximum(0, 1 - SIGNS * (X5 @ w))), (vector(2),),
        "f(w) = mean(maximum(0, 1 - SIGNS*(X5 @ w)))\n"
        "df/dw = -(X5.T @ (SIGNS*heaviside(1 - SIGNS*(X5 @ w), 0.5)))/SIGNS.size",
    ),
    Textbook(
        "regularised logistic", lambda w: np.mean(np.log(1 + np.exp(-SIGNS * (X5 @ w)))) + 0.05 * np.sum(w**2), (vector(2),),
        "f(w) = mean(log(1 + exp(-SIGNS*(X5 @ w)))) + 0.05*sum(w**2)\n"
        "e = exp(-SIGNS*(X5 @ w))\n"
        "df/dw = 0.1*w - (X5.T @ (SIGNS*e/(1 + e)))/SIGNS.size",
    ),
    Textbook(
        "regularised factorisation", lambda U, V: np.sum((U @ V - TABLE) ** 2) + 0.1 * (np.sum(U**2) + np.sum(V**2)), (matrix(3, 2), matrix(2, 4, 1)),
        "f(U, V) = sum((U @ V - TABLE)**2) + 0.1*(sum(U**2) + sum(V**2))\n"
        "r = U @ V - TABLE\n"
        "df/dU = 2*(r @ V.T) + 0.2*U\n"
        "df/dV = 2*(U.T @ r) + 0.2*V",
    ),
    Textbook(
        "principal components", lambda W: np.sum((X5 - X5 @ W @ W.T) ** 2), (matrix(2, 2),),
        "f(W) = sum((X5 - X5 @ W @ W.T)**2)\n"
        "r = X5 - X5 @ W @ W.T\n"
        "df/dW = -2*(X5.T @ (r @ W)) - 2*(r.T @ (X5 @ W))",
    ),
    Textbook(
        "Rayleigh quotient", lambda x, A: (x @ A @ x) / (x @ x), (vector(3), matrix(3, 3)),
        "f(x, A) = (x @ A @ x)/(x @ x)\n"
        "df/dx = (A @ x)/(x @ x) + (A.T @ x)/(x @ x) - 2*x*(x @ A @ x)/(x @ x)**2\n"
        "df/dA = outer(x, x)/(x @ x)",
    ),
    Textbook(
        "attention score", attention, (vector(2), matrix(4, 2), matrix(4, 3)),
        "e = exp(K @ q)\n"
        "p = e/sum(e)\n"
        "attention(q, K, V) = sum((p @ V)**2)\n"
        "z = V @ (p @ V)\n"
        "dattention/dq = 2*(K.T @ (p*(z - sum(z*p))))\n"
        "dattention/dK = 2*outer(p*(z - sum(z*p)), q)\n"
        "dattention/dV = 2*outer(p, V.T @ p)",
    ),
    Textbook(
        "Kepler's equation", lambda E, e: E - e * np.sin(E), (1.0, 0.5),
        "f(E, e) = E - e*sin(E)\n"
        "df/dE = 1 - e*cos(E)\n"
        "df/de = -sin(E)",
    ),
    Textbook(
        "Kepler's energy", lambda x, y, u, v: (u**2 + v**2) / 2 - 1 / np.sqrt(x**2 + y**2), (1.0, 0.1, 0.2, 0.9),
        "f(x, y, u, v) = (u**2 + v**2)/2 - 1/sqrt(x**2 + y**2)\n"
        "df/dx = x/(x**2 + y**2)**1.5\n"
        "df/dy = y/(x**2 + y**2)**1.5\n"
        "df/du = u\n"
        "df/dv = v",
    ),
    Textbook(
        "Lennard-Jones", lambda r, eps, sig: 4 * eps * ((sig / r) ** 12 - (sig / r) ** 6), (1.5, 1.0, 1.1),
        "f(r, eps, sig) = 4*eps*((sig/r)**12 - (sig/r)**6)\n"
        "df/dr = 24*eps*sig**6/r**7 - 48*eps*sig**12/r**13\n"
        "df/deps = 4*((sig/r)**12 - (sig/r)**6)\n"
        "df/dsig = 48*eps*sig**11/r**12 - 24*eps*sig**5/r**6",
    ),
    Textbook(
        "Poisson likelihood", lambda b: np.sum(np.exp(X5 @ b) - COUNTS * (X5 @ b)), (vector(2),),
        "f(b) = sum(exp(X5 @ b) - COUNTS*(X5 @ b))\n"
        "df/db = X5.T @ (exp(X5 @ b) - COUNTS)",
    ),
    Textbook(
        "ridge penalty", lambda w, X, y, k: np.sum((X @ w - y) ** 2) + k * np.sum(w**2), (vector(2), matrix(5, 2), vector(5), 0.1),
        "f(w, X, y, k) = sum((X @ w - y)**2) + k*sum(w**2)\n"
        "r = X @ w - y\n"
        "df/dw = 2*(X.T @ r) + 2*k*w\n"
        "df/dX = 2*outer(r, w)\n"
        "df/dy = -2*r\n"
        "df/dk = sum(w**2)",
    ),
    Textbook(
        "squared Frobenius norm", lambda A: np.trace(A.T @ A), (matrix(2, 3),),
        "f(A) = trace(A.T @ A)\n"
        "df/dA = 2*A",
    ),
    Textbook(
        "trace form", lambda A, B: np.trace(A @ B @ A.T), (matrix(2, 3), matrix(3, 3)),
        "f(A, B) = trace(A @ B @ A.T)\n"
        "df/dA = A @ B.T + A @ B\n"
        "df/dB = A.T @ A",
    ),
    Textbook(
        "divergence", lambda p, q: np.sum(p * np.log(p / q)), (positive(3), positive(3, seed=1)),
        "f(p, q) = sum(p*log(p/q))\n"
        "df/dp = log(p/q) + 1\n"
        "df/dq = -p/q",
    ),
    Textbook(
        "cosine similarity", lambda x, y: x @ y / (np.sqrt(x @ x) * np.sqrt(y @ y)), (vector(3), vector(3, 1)),
        "f(x, y) = (x @ y)/(sqrt(x @ x)*sqrt(y @ y))\n"
        "s = sqrt(x @ x)\n"
        "s_2 = sqrt(y @ y)\n"
        "df/dx = (y/s - x*(x @ y)/(x @ x)**1.5)/s_2\n"
        "df/dy = (x/s_2 - y*(x @ y)/(y @ y)**1.5)/s",
    ),
    Textbook(
        "bilinear form", lambda A, x, y: x @ A @ y, (matrix(3, 2), vector(3), vector(2, 1)),
        "f(A, x, y) = x @ A @ y\n"
        "df/dA = outer(x, y)\n"
        "df/dx = A @ y\n"
        "df/dy = A.T @ x",
    ),
    Textbook(
        "harmonic mean", lambda x: len(x) / np.sum(1 / x), (positive(3),),
        "f(x) = x.size/sum(1/x)\n"
        "df/dx = x.size/(x**2*sum(1/x)**2)",
    ),
    Textbook(
        "swish", lambda x: x / (1 + np.exp(-x)), (0.3,),
        "f(x) = x/(1 + exp(-x))\n"
        "df/dx = x*exp(-x)/(1 + exp(-x))**2 + 1/(1 + exp(-x))",
    ),
    Textbook(
        "Gaussian of a form", lambda A, x: np.exp(-(x @ A @ x)), (matrix(3, 3), vector(3)),
        "f(A, x) = exp(-(x @ A @ x))\n"
        "e = exp(-(x @ A @ x))\n"
        "df/dA = -e*outer(x, x)\n"
        "df/dx = -e*(A.T @ x + A @ x)",
    ),
    Textbook(
        "one softmax", lambda x: np.exp(x[1]) / np.sum(np.exp(x)), (vector(3),),
        "f(x) = exp(x[1])/sum(exp(x))\n"
        "dx = -exp(x[1])*exp(x)/sum(exp(x))**2\n"
        "dx[1] += exp(x[1])/sum(exp(x))\n"
        "df/dx = dx",
    ),
]  # fmt: skip
