"""Several methods traced as one program; then its gradient by an attribute, and by a value in its middle."""

import numpy as np

from bcad import Tracer, tag


class Network:
    """Two layers, as one writes them."""

    def __init__(self, sizes, rng):
        self.first, self.second = (rng.normal(size=(m, n)) / np.sqrt(m) for m, n in zip(sizes[:-1], sizes[1:]))

    def hidden(self, x):
        return tag(np.tanh(x @ self.first), "activation")

    def predict(self, h):
        return h @ self.second


def error(prediction, target):
    return np.mean((prediction - target) ** 2)


rng = np.random.default_rng(0)
network = Network((3, 4, 1), rng)
x = rng.normal(size=(64, 3))
target = np.sin(x[:, :1]) + x[:, 1:2] ** 2

tracer = Tracer()
h = tracer.trace(network.hidden, x)
loss = tracer.trace(error, tracer.trace(network.predict, h), target)
print("loss =", loss)

step = tracer.compile_function_gradient(inputs=[x, target], outputs=loss, wrt=[network.first, network.second])
for epoch in range(301):
    value, (first, second) = step(x, target)  # reads the network's weights anew at every call
    network.first -= 0.3 * first
    network.second -= 0.3 * second
    if epoch % 100 == 0:
        print(f"epoch {epoch:3d}: loss {value:.4f}")

by_activation = tracer.compile_gradient(inputs=x, outputs=loss, wrt="activation")
print("loss by activation:", by_activation(x).shape, f"norm {np.linalg.norm(by_activation(x)):.4f}")
