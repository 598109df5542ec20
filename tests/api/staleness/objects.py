"""Objects and classes: attributes, methods, properties, operators change."""

from __future__ import annotations

import collections
import dataclasses
import enum
import types
import weakref

import numpy as np

from . import case


class Model:
    bias = 1.0
    names = ("a",)

    def __init__(self):
        self.w = np.array([1.0, 2.0, 3.0])
        self.rate = 0.5
        self.depth = 2
        self.kind = "linear"

    @property
    def scaled(self):
        return self.w * self.rate

    def __call__(self, x):
        for _ in range(self.depth):
            x = self.step(x)
        return x.sum()

    def step(self, x):
        return x * self.scaled + self.bias


class Other(Model):
    def step(self, x):
        return np.sin(x) * self.rate


@case
def instance_attributes():
    model = Model()
    yield model
    model.w = np.array([3.0, 1.0, 1.0])
    yield model
    model.w *= 2.0
    yield model
    model.rate = 0.25
    yield model
    model.rate = 1
    yield model
    model.depth = 3
    yield model
    model.bias = -1.0  # hides the class's
    yield model
    del model.bias
    yield model


@case
def class_attributes():
    class Local(Model):
        pass

    model = Local()
    yield model
    Model.bias = 2.0
    yield model
    Local.bias = 5.0
    yield model
    del Local.bias
    Model.bias = 1.0
    yield model


@case
def method_replaced_on_the_class():
    class Local(Model):
        pass

    model = Local()
    yield model
    Local.step = Other.step
    yield model
    Local.step = lambda self, x: x * x * self.rate
    yield model
    del Local.step
    yield model


@case
def method_replaced_on_the_instance():
    model = Model()
    yield model
    model.step = lambda x: x * x
    yield model
    model.step = types.MethodType(Other.step, model)
    yield model
    del model.step
    yield model


@case
def class_of_an_instance_replaced():
    model = Model()
    yield (f := lambda x: model.step(x).sum())
    model.__class__ = Other
    yield f
    model.__class__ = Model
    yield f


@case
def bases_of_a_class_replaced():
    class Base:
        def g(self, x):
            return x * 2.0

    class Base2:
        def g(self, x):
            return x * x

    class Local(Base):
        pass

    instance = Local()
    yield (f := lambda x: instance.g(x).sum())
    Local.__bases__ = (Base2,)
    yield f


@case
def property_replaced():
    class Local(Model):
        pass

    model = Local()
    yield model
    Local.scaled = property(lambda self: self.w * 3.0)
    yield model
    Local.scaled = np.arange(3.0)
    yield model


@case
def property_counting_its_reads_elsewhere():
    class Local:
        def __init__(self):
            self._w = 2.0

        @property
        def w(self):
            return self._w * 1.5

    model = Local()
    yield (f := lambda x: (x * model.w).sum())
    model._w = 3.0
    yield f


@case
def isinstance_answer_changes():
    model = Model()
    yield (f := lambda x: (x * x).sum() if isinstance(model, Other) else (3.0 * x).sum())
    model.__class__ = Other
    yield f


@case
def hasattr_answer_changes():
    space = types.SimpleNamespace()
    yield (f := lambda x: (x * space.w).sum() if hasattr(space, "w") else (x * x).sum())
    space.w = 2.0
    yield f
    del space.w
    yield f


@case
def getattr_default():
    space = types.SimpleNamespace()
    yield (f := lambda x: (x * x * getattr(space, "w", 3.0)).sum())
    space.w = 2.0
    yield f
    del space.w
    yield f


@case
def attribute_missing_and_caught():
    space = types.SimpleNamespace()

    def f(x):
        try:
            w = space.w
        except AttributeError:
            w = 3.0
        return (w * x).sum()

    yield f
    space.w = 5.0
    yield f


@case
def dynamic_getattr():
    class Dynamic:
        def __init__(self):
            self.store = {"w": 2.0}

        def __getattr__(self, name):
            return self.store[name]

    thing = Dynamic()
    yield (f := lambda x: (x * x * thing.w).sum())
    thing.store["w"] = 3.0
    yield f
    thing.w = 4.0
    yield f


@case
def slots():
    class Slotted:
        __slots__ = ("w", "n")

    thing = Slotted()
    thing.w, thing.n = 2.0, 2
    yield (f := lambda x: (thing.w * x**thing.n).sum())
    thing.w = 3.0
    yield f
    thing.n = 3
    yield f
    thing.w = np.arange(3.0)
    yield f


@case
def data_descriptor():
    class Cell:
        def __get__(self, instance, owner):
            return instance.data["w"]

        def __set__(self, instance, value):
            instance.data["w"] = value

    class Thing:
        w = Cell()

        def __init__(self):
            self.data = {"w": 2.0}

    thing = Thing()
    yield (f := lambda x: (x * x * thing.w).sum())
    thing.w = 3.0
    yield f


@case
def dataclass_fields():
    @dataclasses.dataclass
    class Settings:
        rate: float = 1.0
        power: int = 2
        table: dict = dataclasses.field(default_factory=lambda: {"a": 1.5})

    s = Settings()
    yield (f := lambda x: (s.rate * x**s.power).sum() * s.table["a"])
    s.rate = 2.0
    yield f
    s.power = 3
    yield f
    s.table["a"] = 0.5
    yield f
    s = dataclasses.replace(s, rate=7.0)
    yield f


@case
def frozen_dataclass_replaced():
    @dataclasses.dataclass(frozen=True)
    class Settings:
        rate: float = 1.0

    s = Settings()
    yield (f := lambda x: (s.rate * x * x).sum())
    s = Settings(4.0)
    yield f
    object.__setattr__(s, "rate", 5.0)
    yield f


@case
def namedtuple_replaced():
    Point = collections.namedtuple("Point", "a b")
    p = Point(1.0, 2)
    yield (f := lambda x: (p.a * x**p.b).sum())
    p = Point(3.0, 2)
    yield f
    p = p._replace(b=3)
    yield f


@case
def enum_member_replaced():
    class Way(enum.Enum):
        SINE = 1
        SQUARE = 2

    way = Way.SINE
    yield (f := lambda x: np.sin(x).sum() if way is Way.SINE else (x * x).sum())
    way = Way.SQUARE
    yield f
    way = Way.SINE
    yield f


@case
def operators_of_a_class_replaced():
    class Scale:
        def __init__(self, w):
            self.w = w

        def __mul__(self, x):
            return self.w * x

    s = Scale(2.0)
    yield (f := lambda x: (s * x).sum())
    Scale.__mul__ = lambda self, x: self.w * x * x
    yield f
    s.w = 5.0
    yield f


@case
def call_of_an_instance_replaced():
    class Layer:
        def __call__(self, x):
            return x * 2.0

    layer = Layer()
    yield (f := lambda x: layer(x).sum())
    Layer.__call__ = lambda self, x: x * x
    yield f


@case
def class_replaced_by_another():
    class Maker:
        def __init__(self, x):
            self.y = x * 2.0

    yield (f := lambda x: Maker(x).y.sum())

    class Maker:  # noqa: F811
        def __init__(self, x):
            self.y = x * x

    yield f


@case
def class_level_default_read_by_a_new_instance():
    class Thing:
        weight = 2.0

        def __init__(self, x):
            self.y = x * self.weight

    yield (f := lambda x: Thing(x).y.sum())
    Thing.weight = 3.0
    yield f


@case
def static_and_class_methods():
    class Tools:
        factor = 2.0

        @staticmethod
        def twice(x):
            return x * 2.0

        @classmethod
        def scaled(cls, x):
            return x * cls.factor

    yield (f := lambda x: (Tools.twice(x) * Tools.scaled(x)).sum())
    Tools.twice = staticmethod(lambda x: x * x)
    yield f
    Tools.factor = -1.0
    yield f
    Tools.scaled = classmethod(lambda cls, x: x + cls.factor)
    yield f


@case
def weak_reference():
    class Thing:
        w = 2.0

    thing = Thing()
    ref = weakref.ref(thing)
    yield (f := lambda x: (x * x * ref().w).sum())
    thing.w = 3.0
    yield f
