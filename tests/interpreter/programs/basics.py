"""Programs for the evaluator: arithmetic, containers, functions, formatting."""
# ruff: noqa: B018, F821, F841


def arithmetic_and_chained_comparison():
    total = 0
    for i in range(10):
        if 2 < i <= 7 or i == 9:
            total += i ** 2 // 3 - (i % 4 << 1)
        else:
            total -= ~i & 5 | i ^ 3
    return total, 7 / 2, -total, +total, not total


def containers_and_unpacking():
    first, *middle, last = range(5)
    table = {**{"a": 1}, "b": [*middle, last]}
    table["b"][1:3] = [10, 20, 30]
    del table["b"][0]
    (x, (y, z)), w = (1, (2, 3)), {4, *middle}
    return first, middle, last, table, x + y + z, sorted(w), [*map(str, middle)], table.get("q")


def comprehensions_keep_their_variables():
    i = "outer"
    squares = [i * j for i in range(3) for j in range(i) if j % 2 == 0]
    table = {k: {v for v in range(k)} for k in range(3)}
    return i, squares, table, sum(i for i in range(4))


def formatted_text():
    value, width = 3.14159, 10
    return f"{value:>{width}.2f}|{value!r}|{'é':^5}|{width=}|{[1, 2]!s:>8}"


def default_and_keyword_arguments():
    def f(a, /, b=2, *args, c, d=4, **rest):
        return a, b, args, c, d, rest

    options = {"c": 30, "e": 50}
    return f(1, c=3), f(1, 2, 3, 4, c=5, z=6), f(*[1, 9], **options), f(1, **options, d=0)


def wrong_arguments():
    def f(a, b, *, c):
        return a

    f(1, d=2)


def closures_share_their_cells():
    count = 0

    def up():
        nonlocal count
        count += 1
        return count

    def down():
        nonlocal count
        count -= 1
        return count

    return up(), up(), down(), count


def unbound_local():
    if not unbound_local:
        value = 1
    return value


def unbound_free_variable():
    def f():
        return later
    f()
    later = 1


def loops_with_else_and_jumps():
    seen = []
    for n in range(2, 12):
        for d in range(2, n):
            if n % d == 0:
                break
        else:
            seen.append(n)
            continue
        seen.append(-n)
    while seen:
        if seen.pop() < -9:
            break
    else:
        seen = None
    return seen


def walrus_lambda_and_conditional():
    if (n := 10) > 5:
        pick = (lambda k, *, scale=2: k * scale if k % 2 else -k)
        return [pick(k) for k in range(n) if (half := k // 2)], half


def star_assignment_errors():
    a, b = (1, 2, 3)


def print_to_standard_output():
    print("a", 1, sep="-", end="!\n")
    print([1, None], {"k": (1,)})


def exec_and_eval_see_the_frame():
    x = 5
    y = eval("x + 1")
    scope = {"x": 1}
    exec("z = x + 10\nfor i in range(3): z += i", scope)
    return y, scope["z"], sorted(locals()), eval("[x for x in range(3)]"), "x" in globals()


def deleting_names_and_items():
    d = {"a": 1, "b": 2}
    del d["a"]
    x = 1
    del x
    try:
        x
    except UnboundLocalError as error:
        return d, str(error), error.name


ARGUMENTS, KEYWORDS = (1, 2), {"c": 3}


def unpacks_globals():
    def f(*args, **kwargs):
        return args, kwargs
    return (f(*ARGUMENTS), f(*ARGUMENTS, **KEYWORDS), f(**KEYWORDS), max(*ARGUMENTS),
            [f(*(ARGUMENTS if i else "ab")) for i in range(2)])


def stays_unbound_behind_a_comprehension():
    if False:
        x = 0
    [x for x in [1]]
    return x


def gives_back_what_a_comprehension_hid():
    x = "kept"
    y = [x for x in [1, 2]]
    return x, y, [(x, y) for y in [3] for x in [4]], x
