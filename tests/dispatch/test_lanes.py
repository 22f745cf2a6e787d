"""A platform that hangs keeps its own lanes busy and no others'."""

import contextlib
import threading
import time

import pytest

from dispatch.lanes import Lanes


def start(work) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.promise("R10")
def test_a_hanging_pixel_does_not_hold_another_platform() -> None:
    lanes, hold, seen = Lanes(per_pixel=1, per_platform=1), threading.Event(), []
    slow = start(lambda: lanes.run("meta-pixel", "meta", lambda pixel: hold.wait(5)))
    lanes.run("tiktok-pixel", "tiktok", seen.append)
    hold.set()
    slow.join()
    assert seen == ["tiktok-pixel"]


def test_one_pixel_does_not_take_every_lane_of_its_platform() -> None:
    lanes, hold, seen = Lanes(per_pixel=1, per_platform=2), threading.Event(), []
    slow = start(lambda: lanes.run("busy", "meta", lambda pixel: hold.wait(5)))
    time.sleep(0.05)
    started = time.monotonic()
    lanes.run("busy", "meta", seen.append)  # turned away at once
    assert time.monotonic() - started < 0.5
    lanes.run("other", "meta", seen.append)
    assert "other" in seen
    hold.set()
    slow.join()


def test_who_was_turned_away_is_looked_at_once_a_lane_is_free() -> None:
    lanes, hold, seen = Lanes(per_pixel=1, per_platform=1), threading.Event(), []

    def work(pixel: str) -> None:
        seen.append(pixel)
        if len(seen) == 1:
            hold.wait(5)

    slow = start(lambda: lanes.run("a", "meta", work))
    while not seen:
        time.sleep(0.01)
    for pixel in ("a", "b", "b"):
        lanes.run(pixel, "meta", work)
    hold.set()
    slow.join()
    assert sorted(seen) == ["a", "a", "b"]


def test_a_failing_run_frees_its_lane() -> None:
    lanes, seen = Lanes(per_pixel=1, per_platform=1), []

    def fail(pixel: str) -> None:
        raise ValueError(pixel)

    for work in (fail, seen.append):
        with contextlib.suppress(ValueError):
            lanes.run("a", "meta", work)
    assert seen == ["a"]
