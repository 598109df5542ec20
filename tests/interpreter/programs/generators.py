"""Programs for the evaluator: generators, coroutines, async generators."""
# ruff: noqa: B018
import asyncio
import inspect
import types


def send_throw_close():
    trace = []

    def generator():
        try:
            while True:
                try:
                    got = yield len(trace)
                    trace.append(got)
                except ValueError as error:
                    trace.append(repr(error))
        finally:
            trace.append("closed")

    g = generator()
    values = [next(g), g.send("x"), g.throw(ValueError("v")), g.send(None)]
    g.close()
    return values, trace, next(g, "exhausted"), g.__name__, inspect.isgenerator(g)


def delegation():
    def inner():
        x = yield 1
        try:
            y = yield x
        except KeyError:
            y = "key"
        return x, y

    def outer():
        result = yield from inner()
        yield result
        yield from (i * i for i in range(2))

    g = outer()
    return [next(g), g.send("a"), g.throw(KeyError), *g]


def ignoring_generator_exit():
    def stubborn():
        try:
            yield
        except GeneratorExit:
            yield
    g = stubborn()
    next(g)
    g.close()


def generator_return_value():
    def g():
        yield
        return 7
    it = g()
    next(it)
    try:
        next(it)
    except StopIteration as stop:
        return stop.value


def exception_state_is_the_generators_own():
    def g():
        try:
            raise KeyError
        except KeyError:
            yield "inside"
        yield "outside"

    it = g()
    try:
        raise ValueError("outer")
    except ValueError:
        first = next(it)
        try:
            raise
        except ValueError as error:
            return first, str(error), next(it)


def coroutines():
    class Awaitable:
        def __await__(self):
            got = yield from asyncio.sleep(0).__await__()
            return got, "awaited"

    async def produce(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    class Manager:
        async def __aenter__(self):
            return "entered"

        async def __aexit__(self, *info):
            return info[0] is ZeroDivisionError

    async def main():
        got = [x async for x in produce(3) if x != 1]
        async with Manager() as m:
            1 / 0
        pair = await asyncio.gather(Awaitable(), asyncio.sleep(0, "slept"))
        agen = produce(2)
        first = await anext(agen)
        await agen.aclose()
        return got, m, pair, first

    return asyncio.run(main())


def coroutine_kinds():
    async def c():
        return 1

    @types.coroutine
    def old():
        return (yield)

    async def uses():
        return await old()

    made, use = c(), uses()
    kinds = inspect.iscoroutine(made), inspect.isawaitable(old()), type(made).__name__
    use.send(None)
    try:
        made.send(None)
    except StopIteration as stop:
        first = stop.value
    try:
        use.send("sent")
    except StopIteration as stop:
        return kinds, first, stop.value


def awaiting_the_wrong_thing():
    async def main():
        await 3
    asyncio.run(main())
