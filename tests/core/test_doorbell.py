"""What rang at the same time shares a message."""

from adtarget.core.doorbell import MOST_TOGETHER, _messages


def rung(task, *values):
    return {(task, (("pixel_id", value),)) for value in values}


def test_pixels_that_rang_together_share_a_message() -> None:
    assert list(_messages(rung("dispatch.deliver_due", "b", "a", "c"))) == [
        ("dispatch.deliver_due", {"pixel_id": "a", "also": ["b", "c"]})
    ]


def test_one_pixel_alone_is_a_plain_message() -> None:
    assert list(_messages(rung("dispatch.deliver_due", "a"))) == [("dispatch.deliver_due", {"pixel_id": "a"})]


def test_many_pixels_are_divided_among_messages() -> None:
    messages = list(_messages(rung("dispatch.deliver_due", *map(str, range(2 * MOST_TOGETHER + 1)))))
    assert [1 + len(kwargs.get("also", [])) for _, kwargs in messages] == [MOST_TOGETHER, MOST_TOGETHER, 1]


def test_other_tasks_are_never_gathered() -> None:
    assert len(list(_messages(rung("exports.make", "a", "b")))) == 2
