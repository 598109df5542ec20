"""What a function reads from outside is read anew at every call: minibatches, learning rates, flags."""

import numpy as np

from bcad import grad


class Regression:
    """A model as users write it: state in attributes, data swapped under it."""

    def __init__(self, batch, decay):
        self.batch = batch
        self.decay = decay
        self.evaluations = 0

    def loss(self, w):
        self.evaluations += 1
        x, y = self.batch
        return np.mean((x @ w - y) ** 2) + self.decay * (w**2).sum()


def by_hand(model, w):
    x, y = model.batch
    return 2 * x.T @ (x @ w - y) / len(y) + 2 * model.decay * w


rng = np.random.default_rng(0)
model = Regression((rng.normal(size=(8, 3)), rng.normal(size=8)), decay=0.1)
gradient = grad(model.loss)
w = np.ones(3)

for size, decay in ((8, 0.1), (8, 0.0), (20, 0.5)):
    model.batch = rng.normal(size=(size, 3)), rng.normal(size=size)
    model.decay = decay
    print(f"batch of {size}, decay {decay}: {gradient(w)}")
    assert np.allclose(gradient(w), by_hand(model, w))

assert model.evaluations == 6  # every call counted, as if it had been a plain one
