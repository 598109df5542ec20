"""Containers: what lists, dicts, deques, sets and their kin hold changes."""

from __future__ import annotations

import collections
import math
import operator
import types

import numpy as np

from . import case


@case
def list_items():
    items = [1.0, 2.0, 3.0]

    def f(x):
        total = 0.0
        for k, w in enumerate(items):
            total += w * x[k % 3] ** 2
        return total

    yield f
    items[1] = 7.0
    yield f
    items.append(4.0)
    yield f
    items.clear()
    yield f
    items.extend([2, 3.0])
    yield f
    items[:] = [np.float64(1.0), np.ones(3).sum()]
    yield f


@case
def list_of_arrays():
    weights = [np.eye(3), np.ones((3, 3))]

    def f(x):
        for w in weights:
            x = np.tanh(w @ x)
        return x.sum()

    yield f
    weights[0][0, 1] = 0.5
    yield f
    weights[1] = np.ones((2, 3))
    yield f
    weights.append(np.ones((4, 2)))
    yield f
    del weights[1:]
    yield f


@case
def list_length_alone():
    items = [1, 2]
    yield (f := lambda x: (x * len(items)).sum())
    items.append(3)
    yield f


@case
def membership_in_a_list():
    items = [1, 2]
    yield (f := lambda x: (x * x).sum() if 3 in items else x.sum())
    items.append(3)
    yield f


@case
def dict_items():
    config = {"rate": 1.0, "power": 2, "table": np.arange(3.0)}
    yield (f := lambda x: (config["rate"] * x ** config["power"] * config["table"]).sum())
    config["rate"] = 2.0
    yield f
    config["power"] = 3
    yield f
    config["table"][0] = 5.0
    yield f
    config["table"] = np.float64(2.0)
    yield f


@case
def dict_keys_walked():
    config = {"a": 1.0, "b": 2.0}

    def f(x):
        total = 0.0
        for name, w in config.items():
            total += w * (x**2 if name == "a" else x).sum()
        return total

    yield f
    config["c"] = 3.0
    yield f
    config["a"] = -1.0
    yield f
    del config["a"]
    yield f


@case
def dict_order():
    config = {"a": 1.0, "b": 2.0}

    def f(x):
        y = x
        for w in config.values():
            y = y * w + w
        return (y * x).sum()

    yield f
    config["a"] = config.pop("a")
    yield f


@case
def dict_get_and_membership():
    config = {}
    yield (f := lambda x: (x * x * config.get("w", 2.0)).sum() + ("on" in config) * x.sum())
    config["w"] = 5.0
    yield f
    config["on"] = None
    yield f
    config.clear()
    yield f


@case
def function_in_a_dict_replaced():
    table = {"g": lambda x: x * 2.0}
    yield (f := lambda x: table["g"](x).sum())
    table["g"] = lambda x: x * x
    yield f
    table["g"] = np.exp
    yield f


@case
def nested_containers():
    params = {"layers": [{"w": np.ones(3), "b": 0.5}, {"w": np.arange(3.0), "b": 1.5}], "last": (1.0, [2.0])}

    def f(x):
        for layer in params["layers"]:
            x = x * layer["w"] + layer["b"]
        return (x * x).sum() * params["last"][1][0]

    yield f
    params["layers"][0]["b"] = -0.5
    yield f
    params["layers"][1]["w"] = np.full(3, 2.0)
    yield f
    params["last"][1][0] = 3.0
    yield f
    params["layers"].pop()
    yield f


@case
def tuple_bound_anew():
    pair = (1.0, 2.0)
    yield (f := lambda x: (x * pair[0] + x * x * pair[1]).sum())
    pair = (3.0, 4.0)
    yield f
    pair = (3.0, 4.0, 5.0)
    yield f
    pair = [5.0, 6.0]
    yield f


@case
def deque_contents():
    window = collections.deque([1.0, 2.0], maxlen=3)
    yield (f := lambda x: (x * x).sum() * window[0] + x.sum() * window[-1])
    window.append(5.0)
    yield f
    window.append(6.0)
    yield f


@case
def deque_walked():
    window = collections.deque([1.0, 2.0])

    def f(x):
        total = 0.0
        for w in window:
            total += w * (x * x).sum()
        return total

    yield f
    window[0] = 3.0
    yield f
    window.append(5.0)
    yield f
    window.rotate()
    yield f


@case
def deque_summed():
    window = collections.deque([1.0, 2.0])
    yield (f := lambda x: (x * x).sum() * sum(window) * len(window))
    window[0] = 3.0
    yield f
    window.appendleft(2.0)
    yield f


@case
def defaultdict_contents():
    table = collections.defaultdict(float, a=2.0)
    yield (f := lambda x: (x * x).sum() * table["a"])
    table["a"] = 3.0
    yield f


@case
def defaultdict_missing_key():
    table = collections.defaultdict(lambda: 2.0)
    yield (f := lambda x: (x * x).sum() * table["a"])
    table["a"] = 3.0
    yield f


@case
def ordered_dict_contents():
    table = collections.OrderedDict(a=1.0, b=2.0)

    def f(x):
        total = 0.0
        for w in table.values():
            total = total * 0.5 + w * (x * x).sum()
        return total

    yield f
    table["a"] = 3.0
    yield f
    table.move_to_end("a")
    yield f
    table["c"] = 1.0
    yield f


@case
def counter_contents():
    counts = collections.Counter("aab")
    yield (f := lambda x: (x * x).sum() * counts["a"] + x.sum() * counts["z"])
    counts["a"] += 1
    yield f
    counts.update("zz")
    yield f


@case
def chain_map():
    first, second = {}, {"w": 2.0}
    chained = collections.ChainMap(first, second)
    yield (f := lambda x: (x * x).sum() * chained["w"])
    second["w"] = 3.0
    yield f
    first["w"] = 4.0
    yield f


@case
def mapping_proxy():
    table = {"w": 2.0}
    view = types.MappingProxyType(table)
    yield (f := lambda x: (x * x).sum() * view["w"])
    table["w"] = 3.0
    yield f


@case
def set_membership():
    names = {"a"}
    yield (f := lambda x: (x * x).sum() if "b" in names else x.sum())
    names.add("b")
    yield f
    names.clear()
    yield f


@case
def frozenset_bound_anew():
    names = frozenset("a")
    yield (f := lambda x: (x * x).sum() if "b" in names else x.sum())
    names = frozenset("ab")
    yield f


@case
def bytes_and_bytearray():
    data = b"ab"
    yield (f := lambda x: (x * data[0]).sum())
    data = b"zb"
    yield f
    data = bytearray(b"ab")
    yield f
    data[0] = 3
    yield f


@case
def slice_bound_anew():
    part = slice(0, 2)
    yield (f := lambda x: (x[part] ** 2).sum())
    part = slice(1, 3)
    yield f
    part = slice(None, None, -2)
    yield f


@case
def range_bound_anew():
    numbers = range(2)
    yield (f := lambda x: sum(x[k] * x[k] for k in numbers))
    numbers = range(1, 3)
    yield f


@case
def list_subclass():
    class Weights(list):
        pass

    weights = Weights([1.0, 2.0])
    yield (f := lambda x: (x * x).sum() * weights[0] + sum(weights) * x.sum())
    weights[0] = 3.0
    yield f
    weights.append(4.0)
    yield f


@case
def dict_subclass():
    class Config(dict):
        __getattr__ = dict.__getitem__

    config = Config(w=2.0)
    yield (f := lambda x: (x * x).sum() * config.w + x.sum() * config["w"])
    config["w"] = 3.0
    yield f


@case
def dict_with_array_values_summed():
    grads = {"a": np.ones(3), "b": np.arange(3.0)}
    yield (f := lambda x: (x * sum(grads.values())).sum())
    grads["a"] = np.full(3, 4.0)
    yield f
    grads["b"][1] = 8.0
    yield f


@case
def iterator_over_a_captured_list_by_comprehension():
    items = [1.0, 2.0, 3.0]
    yield (f := lambda x: sum([w * w for w in items]) * (x * x).sum())
    items[2] = 5.0
    yield f


@case
def floats_through_native_helpers():
    items = [1.0, 3.0, 2.0]

    def f(x):
        ordered = sorted(items)
        pairs = dict(zip("abc", items, strict=True))
        return (x * x).sum() * max(items) + x[0] * ordered[1] + x[1] * pairs["c"] + x[2] * math.fsum(items)

    yield f
    items[0] = 7.0
    yield f
    items[2] = -1.0
    yield f


@case
def copies_of_captured_containers():
    items, table = [1.0, 2.0], {"w": 3.0}
    yield (f := lambda x: (x * x).sum() * list(items)[0] + x.sum() * dict(table)["w"] + x[0] * items[:][1] + x[1] * (items * 2)[3])
    items[0] = 5.0
    yield f
    items[1] = -5.0
    yield f
    table["w"] = 1.5
    yield f


@case
def starred_captured_list():
    items = [1.0, 2.0]

    def g(a, b):
        return a * b + a

    yield (f := lambda x: (x * x).sum() * g(*items))
    items[0] = 4.0
    yield f


@case
def itemgetter_and_attrgetter():
    items, space = [1.0, 2.0], types.SimpleNamespace(w=2.0)
    first, weight = operator.itemgetter(0), operator.attrgetter("w")
    yield (f := lambda x: (x * x).sum() * first(items) + x.sum() * weight(space))
    items[0] = 4.0
    yield f
    space.w = -2.0
    yield f


@case
def captured_map_and_filter():
    items = [1.0, -2.0, 3.0]
    yield (f := lambda x: (x * x).sum() * sum(map(abs, items)) + x.sum() * len(list(filter(lambda w: w > 0, items))))
    items[1] = 5.0
    yield f


@case
def array_made_of_captured_floats():
    items = [1.0, 2.0, 3.0]
    yield (f := lambda x: (x * x * np.array(items)).sum() + x @ np.asarray(items))
    items[0] = 9.0
    yield f
    items[1] = 2
    yield f
