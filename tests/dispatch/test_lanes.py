"""A platform that hangs keeps its own lanes busy and no others'."""

import contextlib
import threading
import time

import pytest

from dispatch.lanes import Lanes, Turn, Work


def start(work) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait(hold: threading.Event) -> Turn:
    hold.wait(5)
    return Turn()


def note(seen: list[str], *turns: Turn) -> Work:
    """Work that notes its pixel and answers with the turns, one after another."""
    left = list(turns)

    def work(pixel: str) -> Turn:
        seen.append(pixel)
        return left.pop(0) if left else Turn()

    return work


@pytest.mark.promise("R10")
def test_a_hanging_pixel_does_not_hold_another_platform() -> None:
    lanes, hold, seen = Lanes(per_pixel=1, per_platform=1), threading.Event(), []
    slow = start(lambda: lanes.run("meta-pixel", "meta", lambda pixel: wait(hold)))
    lanes.run("tiktok-pixel", "tiktok", note(seen))
    hold.set()
    slow.join()
    assert seen == ["tiktok-pixel"]


def test_one_pixel_does_not_take_every_lane_of_its_platform() -> None:
    lanes, hold, seen = Lanes(per_pixel=1, per_platform=2), threading.Event(), []
    slow = start(lambda: lanes.run("busy", "meta", lambda pixel: wait(hold)))
    time.sleep(0.05)
    started = time.monotonic()
    lanes.run("busy", "meta", note(seen))  # turned away at once
    assert time.monotonic() - started < 0.5
    lanes.run("other", "meta", note(seen))
    assert "other" in seen
    hold.set()
    slow.join()


def test_who_was_turned_away_is_looked_at_once_a_lane_is_free() -> None:
    lanes, hold, seen = Lanes(per_pixel=1, per_platform=1), threading.Event(), []

    def work(pixel: str) -> Turn:
        seen.append(pixel)
        if len(seen) == 1:
            hold.wait(5)
        return Turn()

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

    def fail(pixel: str) -> Turn:
        raise ValueError(pixel)

    for work in (fail, note(seen)):
        with contextlib.suppress(ValueError):
            lanes.run("a", "meta", work)
    assert seen == ["a"]


FULL = Turn(sent=500, more=True, is_full=True)


def test_after_a_full_turn_the_next_is_chosen() -> None:
    lanes, seen, order = Lanes(per_pixel=2, per_platform=4), [], ["b", "a", ""]
    lanes.run("a", "meta", note(seen, FULL, FULL, FULL), lambda without: order.pop(0))
    assert seen == ["a", "b", "a"]


def test_backlogs_leave_half_of_the_threads() -> None:
    lanes, hold, begun = Lanes(per_pixel=4, per_platform=4, for_backlogs=2), threading.Event(), threading.Semaphore(0)

    def work(pixel: str) -> Turn:
        begun.release()
        hold.wait(5)
        return FULL

    threads = [start(lambda: lanes.run("big", "meta", work, lambda without: "")) for _ in range(4)]
    for _ in threads:
        begun.acquire(timeout=5)
    assert lanes._backlogs["meta"] == 0  # a first turn is not known to be of a backlog
    hold.set()
    for thread in threads:
        thread.join()
    assert (lanes._backlogs["meta"], lanes._platforms["meta"]) == (0, 0)


def test_a_backlog_beside_others_takes_fewer_threads() -> None:
    lanes, chosen = Lanes(per_pixel=4, per_platform=4, beside_others=0), []
    assert not lanes.is_shared()
    lanes.run("small", "meta", note([], Turn(sent=1)))
    assert lanes.is_shared()
    lanes.run("big", "meta", note([], FULL), lambda without: chosen.append(without) or "")
    assert chosen == []


def test_a_stopping_worker_takes_no_further_turn() -> None:
    lanes, seen = Lanes(per_pixel=2, per_platform=4, is_stopping=lambda: True), []
    lanes.run("a", "meta", note(seen, FULL, FULL), lambda without: "a")
    assert seen == ["a"]


def test_more_that_is_no_backlog_is_sent_at_once() -> None:
    lanes, seen = Lanes(per_pixel=2, per_platform=4), []
    lanes.run("a", "meta", note(seen, Turn(sent=1, more=True), Turn(sent=1)))
    assert seen == ["a", "a"]
