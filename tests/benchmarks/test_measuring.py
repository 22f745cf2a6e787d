"""What the benchmarks share says what is true of a process, and whether a goal is reached."""

import importlib
import os
import subprocess
import sys

import pytest

from benchmarks.measuring import Figure, cpu_seconds, percentile, tree_of


@pytest.mark.parametrize(
    ("value", "goal", "reached"), [(0.35, "≥ 0.35", True), (0.3, "≥ 0.35", False), (3, "≤ 2", False), (1, "", None)]
)
def test_a_figure_knows_whether_its_goal_is_reached(value, goal, reached) -> None:
    assert Figure("a", value, goal=goal).is_reached() is reached


def test_a_missed_goal_is_said_in_its_line() -> None:
    assert "missed" in Figure("init", 0.1, goal="≥ 0.35").line()


def test_a_tree_holds_the_children() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in tree_of(os.getpid())
        child.communicate(b"\n")


def test_used_time_is_counted() -> None:
    before = cpu_seconds([os.getpid()])
    while cpu_seconds([os.getpid()]) < before + 0.02:
        pass
    assert cpu_seconds([os.getpid(), 2**22 + 1]) > before


def test_a_percentile_is_in_milliseconds() -> None:
    assert percentile([0.001] * 990 + [1.0] * 10, 0.5) == pytest.approx(1)


@pytest.mark.parametrize("name", ["api", "tracker", "drain", "latency", "idle"])
def test_every_benchmark_is_importable(name) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").measure)
