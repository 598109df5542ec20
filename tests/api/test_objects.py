"""Any object as an argument: derivatives by the floats and arrays in its attributes, in a copy of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bcad import Gradient, NotDifferentiable, arrays_of, flatten, grad, jvp, make_vjp, value_and_grad, with_arrays


class Layer:
    def __init__(self, w, activation="tanh"):
        self.w, self.activation = w, activation

    def __call__(self, x):
        y = x @ self.w
        return np.tanh(y) if self.activation == "tanh" else y


class Network:
    """Has numbers, text, counts, functions, objects in lists, and itself."""

    scale = 3.0

    def __init__(self, rng):
        self.layers = [Layer(rng.normal(size=(3, 4))), Layer(rng.normal(size=(4, 2)), "linear")]
        self.bias, self.rate, self.steps, self.name = np.ones(2), 0.5, 7, "net"
        self.table, self.norm, self.itself = {"a": 1.5, "b": "text"}, np.sum, self

    def loss(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.norm((x + self.bias) ** 2) * self.rate * self.scale + self.table["a"] * self.steps

    @property
    def doubled(self):
        return 2 * self.rate


def loss(network, x):
    return network.loss(x)


@pytest.fixture
def network():
    return Network(np.random.default_rng(0))


X = np.arange(6.0).reshape(2, 3) / 5


def test_the_gradient_is_an_object_of_the_same_kind(network) -> None:
    value, found = value_and_grad(loss)(network, X)
    assert_allclose(value, network.loss(X))
    assert type(found) is Network and type(found.layers[0]) is Layer and found.layers[0].activation == "tanh"
    assert found.steps == 7 and found.name == "net" and found.table["b"] == "text" and found.table["a"] == 7.0
    hidden = network.layers[0](X)
    out = hidden @ network.layers[1].w + 1
    assert_allclose(found.bias, 3 * np.sum(out, axis=0))
    assert_allclose(found.rate, 3 * np.sum(out**2))
    assert_allclose(found.layers[1].w, 3 * hidden.T @ out)
    assert_array_equal(network.bias, 1.0)


def test_every_call_looks_at_the_object_anew(network) -> None:
    g = grad(loss)
    before = g(network, X).bias
    network.bias = network.bias + 1
    assert_allclose(g(network, X).bias, before + 3 * 2)
    network.layers.append(Layer(np.eye(2), "linear"))
    assert len(g(network, X).layers) == 3
    network.layers[0].activation = "linear"
    assert_allclose(g(network, X).bias, grad(lambda b: loss(with_arrays(network, {**arrays_of(network), "bias": b}), X))(network.bias))
    network.steps = 2
    assert g(network, X).table["a"] == 2.0
    network.extra = np.zeros(3)
    assert_array_equal(g(network, X).extra, 0.0)


def test_objects_beside_other_arguments(network) -> None:
    both = grad(loss, (1, 0))(network, X)
    assert both[0].shape == X.shape and type(both[1]) is Network
    only = grad(loss, 1)(network, X)
    assert_array_equal(only, both[0])
    named = grad(loss, argnames="network")(network, x=X)
    assert_allclose(named.bias, both[1].bias)
    by_name = Gradient(loss, wrt="network")(network=network, x=X)
    assert_allclose(by_name.bias, both[1].bias)


def test_cotangents_of_objects(network) -> None:
    pull, value = make_vjp(lambda n: n.bias * n.rate)(network)
    assert_array_equal(value, network.bias * network.rate)
    found = pull(np.array([1.0, 10.0]))
    assert_allclose(found.bias, [0.5, 5.0])
    assert found.rate == 11.0
    assert_array_equal(found.layers[0].w, np.zeros((3, 4)))


def test_numbers_taken_out_and_put_back(network) -> None:
    numbers = arrays_of(network)
    assert sorted(numbers) == ["bias", "layers", "rate", "table"]
    assert sorted(numbers["layers"]) == [0, 1] and numbers["table"] == {"a": 1.5}
    copy = with_arrays(network, {**numbers, "rate": 1.0})
    assert copy.doubled == 2.0 and network.doubled == 1.0 and copy.layers[0] is not network.layers[0]
    assert copy.norm is np.sum and copy.itself is network


class Slotted:
    __slots__ = ("w",)


def test_what_holds_no_numbers_is_refused() -> None:
    for thing in (Layer("text"), Slotted(), object(), len):
        with pytest.raises(NotDifferentiable):
            grad(lambda thing: 1.0)(thing)


def test_tangents_of_objects_are_nests_of_numbers(network) -> None:
    with pytest.raises(NotDifferentiable, match="by numbers, not by a Network"):
        jvp(loss, (network, X), (network, X))
    del network.itself
    numbers = arrays_of(network)
    along = jvp(lambda n: loss(with_arrays(network, n), X), (numbers,), (numbers,))[1]
    slopes = flatten(arrays_of(grad(loss)(network, X)))[0]
    assert_allclose(along, slopes @ flatten(numbers)[0])


def test_numbers_put_back_in_traced_code_leave_nothing_stale(network) -> None:
    g = grad(lambda b: loss(with_arrays(network, {**arrays_of(network), "bias": b}), X))
    for change in (lambda: None, lambda: setattr(network, "rate", 2.0), lambda: setattr(network.layers[0], "activation", "no"),
                   lambda: network.layers.append(Layer(np.eye(2) * 3, "linear")), lambda: setattr(network, "new", 1.0)):
        change()
        assert_allclose(g(network.bias), grad(loss)(network, X).bias)


class Guarded:
    """Has slots, and a ``__getattr__`` that needs one of them."""

    __slots__ = ("data", "extra")

    def __init__(self, parts, data):
        self.extra = [part * 2 for part in parts if all(p is not None for p in parts)]
        self.data = data

    def __getattr__(self, name):
        return self.data[name]  # without end where `data` is not set yet


def test_slots_are_looked_at_without_running_the_code_of_the_class():
    def f(x):
        made = Guarded([x, x + 1], {"w": x})
        return made.w * sum(made.extra)

    assert grad(f)(3.0) == 26.0
