"""Programs for the evaluator: classes, descriptors, metaclasses, dunders, match."""
# ruff: noqa: B018
import functools
from collections import namedtuple
from dataclasses import dataclass, field
from enum import Enum


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y) if isinstance(other, Vector) \
            else NotImplemented

    def __radd__(self, other):
        return Vector(self.x + other, self.y)

    def __imul__(self, k):
        self.x *= k
        return self

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __lt__(self, other):
        return self.x < other.x

    def __bool__(self):
        return bool(self.x)

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return (self.x, self.y)[i]

    def __contains__(self, value):
        return value in (self.x, self.y)

    def __iter__(self):
        yield self.x
        yield self.y

    def __repr__(self):
        return f"V({self.x}, {self.y})"

    def __format__(self, spec):
        return f"{self!r}:{spec}"

    def __call__(self, k):
        return k * self.x

    def __neg__(self):
        return Vector(-self.x, -self.y)


def operators_of_a_class():
    a, b = Vector(1, 2), Vector(3)
    c = a
    c *= 5
    return (repr(a + b), repr(7 + a), -b, a == Vector(5, 2), a != b, b < a, not Vector(0), len(a),
            a[1], 2 in a, [*a], f"{a:q}", a(2), sorted([a, b]), max(a, b), {a: 1}[Vector(5, 2)],
            sum([a, b], Vector(0)), str(a), bool(b), list(map(Vector, (1, 2))))


def unsupported_operands():
    Vector(1) - Vector(2)


def unorderable():
    Vector(1) >= 3


class Descriptor:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        return self if instance is None else instance.__dict__.get(self.name, "unset")

    def __set__(self, instance, value):
        instance.__dict__[self.name] = value * 2

    def __delete__(self, instance):
        del instance.__dict__[self.name]


class Base:
    d = Descriptor()
    made = []

    def __init_subclass__(cls, tag=None, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.made.append((cls.__name__, tag))

    @property
    def twice(self):
        return self.value * 2

    @twice.setter
    def twice(self, value):
        self.value = value / 2

    @classmethod
    def build(cls, value):
        self = cls()
        self.value = value
        return self

    @staticmethod
    def helper(x):
        return x + 1

    def __getattr__(self, name):
        if name.startswith("dyn_"):
            return name[4:]
        raise AttributeError(f"no {name} here")


class Child(Base, tag="child"):
    @property
    def twice(self):
        return super().twice + 1

    def who(self):
        return __class__.__name__, super().helper(1)


def descriptors_and_inheritance():
    c = Child.build(4)
    before = c.d
    c.d = 21
    after = c.d
    del c.d
    b = Base.build(1)
    b.twice = 10
    return before, after, c.d, c.twice, c.who(), c.dyn_x, b.value, Base.made, Child.d is Base.d


def missing_attribute():
    Base().nothing


class Meta(type):
    def __prepare__(name, bases, **kwargs):
        return {"prepared": name}

    def __new__(meta, name, bases, namespace, **kwargs):
        cls = super().__new__(meta, name, bases, dict(namespace, extra=kwargs))
        return cls

    def __init__(cls, name, bases, namespace, **kwargs):
        super().__init__(name, bases, namespace)

    def __call__(cls, *args):
        made = super().__call__(*args)
        made.called = True
        return made

    def __len__(cls):
        return 42


def metaclasses():
    class Made(metaclass=Meta, k=1):
        def __init__(self, x):
            self.x = x
    m = Made(3)
    return m.x, m.called, Made.prepared, Made.extra, len(Made), Made.__module__, Made.__qualname__


@dataclass(order=True)
class Point:
    x: int
    y: int = 0
    tags: list = field(default_factory=list, compare=False)


class Color(Enum):
    RED = 1
    GREEN = 2

    def describe(self):
        return self.name.lower()


Pair = namedtuple("Pair", "left right", defaults=[0])


def generated_classes():
    return (Point(1, 2) < Point(1, 3), repr(Point(5)), Color(2).describe(), list(Color),
            Pair(1), Pair(1, 2)._replace(left=9), Color["RED"] is Color.RED)


def matching():
    def f(value):
        match value:
            case 0 | 1:
                return "small"
            case Point(x=0, y=y) if y > 5:
                return f"far {y}"
            case Point(x, y):
                return x, y
            case [a, *rest]:
                return a, rest
            case {"k": k, **others}:
                return k, others
            case str() as text:
                return text.upper()
            case Color.RED:
                return "red"
            case _:
                return None
    return [f(v) for v in (1, Point(0, 9), Point(0, 1), [1, 2, 3], {"k": 1, "j": 2}, "s",
                           Color.RED, 3.5)]


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if not self.n:
            raise StopIteration
        self.n -= 1
        return self.n


def iterators_written_in_python():
    a, *b = Countdown(4)
    return (list(Countdown(3)), tuple(zip(Countdown(2), "ab")), a, b, sum(Countdown(5)),
            dict(enumerate(Countdown(2))), [x for x in Countdown(3)], 2 in Countdown(3),
            sorted(Countdown(4)), ",".join(str(n) for n in Countdown(3)), max(Countdown(3)))


@functools.total_ordering
class Age:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    def __lt__(self, other):
        return self.n < other.n


def helpers_that_call_back():
    words = ["bb", "a", "ccc"]
    cached = functools.lru_cache(lambda n: n * 2)
    return (sorted(words, key=len), max(words, key=lambda w: -len(w)), [*filter(None, [0, 1])],
            functools.reduce(lambda a, b: a + b, words), functools.partial(pow, 2)(5),
            cached(2), cached(2), cached.cache_info().hits, Age(1) <= Age(2),
            [*map(lambda a, b: a * b, [1, 2], [3, 4])], any(w > "b" for w in words),
            min(words, key=lambda w: w[-1]), words.sort(key=lambda w: w[::-1]), words)
