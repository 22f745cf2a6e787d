"""All figures of one run, as a table: what was measured, its goal, and whether it is reached.

    python -m benchmarks [--only api tracker idle drain latency] [--seconds 6] [--rounds 3]

Wants wrk, TEST_DATABASE_URL (PostgreSQL) and TEST_REDIS_URL, and nothing else on the machine. Takes about eight
minutes. Ratios to the yardsticks of the same run travel between machines; absolute figures do not. Pages at a size
and abuse have commands of their own: `benchmarks.fill`, `benchmarks.pages`, `benchmarks.abuse`.
"""

import argparse
from collections.abc import Callable, Iterator

from benchmarks import api, drain, idle, latency, tracker
from benchmarks.measuring import Figure


def main() -> None:
    options = _options()
    missed = 0
    for name, measure in _measures(options.seconds, options.rounds).items():
        if name in options.only:
            print(f"# {name}", flush=True)
            for figure in measure():
                print(figure.line(), flush=True)
                missed += figure.is_reached() is False
    print(f"# {missed} goals missed")


def _measures(seconds: int, rounds: int) -> dict[str, Callable[[], Iterator[Figure]]]:
    return {
        "api": lambda: api.measure(seconds=seconds, rounds=rounds),
        "tracker": lambda: tracker.measure(seconds=seconds, rounds=rounds),
        "drain": lambda: _drains(),
        "latency": lambda: latency.measure(seconds=2 * seconds),
        "idle": lambda: idle.measure(seconds=3 * seconds),
    }


def _drains() -> Iterator[Figure]:
    for sends in (20000, 5000):
        yield from drain.measure(sends)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = list(_measures(1, 1))
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="default: all")
    parser.add_argument("--seconds", type=int, default=6, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
