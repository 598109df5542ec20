"""The command line: ``python -m benchmarks list | check | run | plot | start | primals | growth | memory | ulp |
layouts | threads``; see ``--help``."""

from __future__ import annotations

import argparse
import json
import os
import sys


def one_thread() -> None:
    """Make every library serial; it has to be said before they are imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="name the cases and the contenders")
    check = commands.add_parser("check", help="compare each hand gradient with Richardson differences")
    run = commands.add_parser("run", help="time contenders beside the hand gradients; all ratios are to these")
    start = commands.add_parser("start", help="time fresh processes from their start to the first result")
    primals = commands.add_parser("primals", help="gradients of loops beside primals written by hand for numba; tape bytes")
    growth = commands.add_parser("growth", help="time and tape of gradients of loops of 1,000 to 1,000,000 iterations")
    growth.add_argument("--plot", metavar="FILE", help="draw them, with matplotlib")
    primals.add_argument("--rounds", type=int, default=15, help="rounds a case (default: %(default)s)")
    growth.add_argument("--rounds", type=int, default=5, help="calls of each length (default: %(default)s)")
    memory = commands.add_parser("memory", help="the memory of a call beside its arguments, as a ratio to the hand gradient's")
    memory.add_argument("--backends", metavar="A,B", default="bcad", help="contenders (default: %(default)s)")
    ulp = commands.add_parser("ulp", help="the largest errors of the vector math, in units in the last place (needs mpmath)")
    ulp.add_argument("--functions", metavar="A,B", help="only these (default: all)")
    ulp.add_argument("--points", type=int, default=4000, help="random arguments in each range (default: %(default)s)")
    for name, help in (("layouts", "calls on strided and Fortran-ordered arrays beside contiguous ones"),
                       ("threads", "calls with parallel=True beside the same on one thread")):
        commands.add_parser(name, help=help).add_argument("--rounds", type=int, default=30, help="rounds (default: %(default)s)")
    plot = commands.add_parser("plot", help="draw what `run --json FILE` wrote, as SVG")
    plot.add_argument("figures", metavar="FILE.json")
    plot.add_argument("picture", metavar="FILE.svg")
    for command in (listing, check, run, start, memory):
        command.add_argument("--programs", metavar="A,B", help="only these cases")
        command.add_argument("--groups", metavar="A,B", help="only (or also) the cases of these groups")
    run.add_argument("--backends", metavar="A,B", default="numpy,bcad", help="contenders (default: %(default)s)")
    run.add_argument("--rounds", type=int, default=15, help="rounds a case (default: %(default)s)")
    run.add_argument("--seconds", type=float, default=0.02, help="of one contender in a round (default: %(default)s)")
    run.add_argument("--budget", type=float, default=20.0, help="seconds a case, compiling apart (default: %(default)s)")
    run.add_argument("--busy", action="store_true", help="compare the fastest rounds: for machines with other work")
    run.add_argument("--patience", type=float, default=120.0, help="seconds for a first call (default: %(default)s)")
    start.add_argument("--peers", metavar="A,B", default="", help="other contenders, such as jax (default: none)")
    start.add_argument("--rounds", type=int, default=5, help="processes of each kind (default: %(default)s)")
    for command in (run, start):
        command.add_argument("--json", metavar="FILE", help="write all figures there")
    return top


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    if options.command != "threads":
        one_thread()
    if options.command in ("layouts", "threads"):
        from . import layouts

        for line in (layouts.layout_lines if options.command == "layouts" else layouts.thread_lines)(options.rounds):
            print(line, flush=True)
        return 0
    if options.command in ("primals", "growth"):
        return show_loops(options)
    if options.command == "plot":
        return draw(options.figures, options.picture)
    if options.command == "ulp":
        return show_errors(options)
    from .cases import chosen

    cases = chosen(options.programs, options.groups)
    if options.command == "list":
        return show(cases)
    if options.command == "check":
        return check_hand_gradients(cases)
    if options.command == "start":
        return time_starts(cases, options)
    if options.command == "memory":
        return measure_memory(cases, options)
    return time_and_report(cases, options)


def show_loops(options) -> int:
    from . import primals

    if options.command == "primals":
        for line in primals.table(options.rounds):
            print(line, flush=True)
        return 0
    print(primals.HEADING)
    found = []
    for one in primals.growth(rounds=options.rounds):
        found.append(one)
        print(*one.lines(), sep="\n", flush=True)
    if options.plot:
        primals.plot(found, options.plot)
    return 0


def show_errors(options) -> int:
    from bcad.backends import vecmath

    from .vecmath import accuracy_table

    accuracy_table(options.functions.split(",") if options.functions else vecmath.names(), options.points)
    return 0


def show(cases) -> int:
    from .contenders import CONTENDERS

    for case in cases:
        print(f"{case.name:<22}{case.group:<11}{case.what:<22}{case.fn.__module__}.{case.fn.__name__}")
    print("contenders:", ", ".join(CONTENDERS))
    return 0


def check_hand_gradients(cases) -> int:
    from .check import faults

    failed = 0
    for case in cases:
        found = list(faults(case))
        failed += bool(found)
        print(f"{case.name:<22}{'; '.join(found) or 'ok'}", flush=True)
    return failed


def known_contenders(text: str) -> list[str]:
    """The contenders in a list with commas; a message and the end if one is unknown."""
    from .contenders import CONTENDERS

    names = [name for name in text.split(",") if name]
    if unknown := [name for name in names if name not in CONTENDERS]:
        raise SystemExit(f"no such contender: {', '.join(unknown)}; there are {', '.join(CONTENDERS)}")
    return names


def time_starts(cases, options) -> int:
    from . import start
    from .run import circumstances

    peers = known_contenders(options.peers)
    before, starts = circumstances(), []
    print(start.heading(peers), flush=True)
    for found in start.measure(cases, peers, options.rounds):
        starts.append(found)
        print(start.line(found, peers), flush=True)
    print(*start.summary(starts, peers), sep="\n")
    write_figures(options.json, before, starts)
    return 0


def measure_memory(cases, options) -> int:
    from .memory import line

    names = known_contenders(options.backends)
    print(f"{'case':<22}{'hand':>10}" + "".join(f"{name + '/hand':>10}" for name in names))
    for case in cases:
        print(line(case, names), flush=True)
    return 0


def draw(figures: str, picture: str) -> int:
    from .plot import svg

    with open(figures, encoding="utf-8") as file:
        rows = json.load(file)["rows"]
    names = list(dict.fromkeys(name for row in rows for name in row["ratio_to_hand"] if name != "hand"))
    with open(picture, "w", encoding="utf-8") as out:
        out.write(svg(rows, names))
    return 0


def write_figures(file, circumstances, rows) -> None:
    if file:
        with open(file, "w", encoding="utf-8") as out:
            json.dump({"circumstances": circumstances, "rows": [row.as_dict() for row in rows]}, out, indent=1)


def time_and_report(cases, options) -> int:
    from . import report
    from .run import BASE, Effort, circumstances, run

    names = [name for name in known_contenders(options.backends) if name != BASE]
    before = circumstances()
    rows = []
    print(report.heading(names), flush=True)
    effort = Effort(options.rounds, options.seconds, options.budget, options.patience, options.busy)
    for row in run(cases, names, effort):
        rows.append(row)
        print(report.line(row, names), flush=True)
    print(*report.means(rows, names), *report.reasons(rows), sep="\n")
    write_figures(options.json, before, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
