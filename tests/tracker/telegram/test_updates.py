"""Raw updates in, events out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.telegram import recorded
from tests.tracker.telegram.recorded import ADMIN, CHAT, user
from tracker.telegram import updates
from tracker.telegram.updates import BotRightsChanged, BotStarted, GroupMigrated, Joined, JoinRequested, Left, Person

ADA = Person(telegram_user_id=777, username="ada_l")


def restricted(is_member: bool) -> dict:
    return {"user": user(), "status": "restricted", "is_member": is_member}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("left", "member", Joined),
        ("kicked", "member", Joined),
        ("left", "administrator", Joined),
        ("member", "left", Left),
        ("administrator", "kicked", Left),
        ("member", "administrator", None),
        ("left", "kicked", None),
        ("left", "banned_by_aliens", None),
        (7, "member", None),
    ],
)
def test_a_step_over_the_threshold_is_a_join_or_a_leave(old, new, expected) -> None:
    event = updates.parse(recorded.membership(old=old, new=new))
    assert (type(event) if event else None) is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (restricted(False), {"status": "member", "user": user()}, Joined),
        ({"status": "left"}, restricted(True), Joined),
        ({"status": "left"}, restricted(False), None),
        (restricted(True), {"status": "left", "user": user()}, Left),
        ({"status": "member"}, restricted(True), None),
        ({"status": "member"}, restricted(False), Left),
    ],
)
def test_the_restricted_are_inside_only_as_members(old, new, expected) -> None:
    event = updates.parse(recorded.membership(old_chat_member=old, new_chat_member=new))
    assert (type(event) if event else None) is expected


def test_a_join_carries_person_chat_and_link() -> None:
    event = updates.parse(recorded.join(link="https://t.me/+abc"))
    assert isinstance(event, Joined)
    assert (event.chat_id, event.person, event.link, event.was_added) == (CHAT, ADA, "https://t.me/+abc", False)


@pytest.mark.parametrize(
    ("more", "was_added"),
    [
        ({"sender": ADMIN}, True),
        ({"sender": ADMIN, "via_join_request": True}, False),
        ({"sender": ADMIN, "link": "https://t.me/+abc"}, False),
        ({}, False),
    ],
)
def test_the_lead_is_who_joined_not_who_let_them_in(more, was_added) -> None:
    event = updates.parse(recorded.join(**more))
    assert isinstance(event, Joined)
    assert (event.person, event.was_added) == (ADA, was_added)


def test_bots_are_no_leads() -> None:
    bot = {"status": "member", "user": user(is_bot=True)}
    assert updates.parse(recorded.join(new_chat_member=bot)) is None


def test_a_join_request_carries_its_link() -> None:
    event = updates.parse(recorded.join_request(link="https://t.me/+req"))
    assert isinstance(event, JoinRequested)
    assert (event.chat_id, event.person, event.link) == (CHAT, ADA, "https://t.me/+req")


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start vis_abc-123", "vis_abc-123"),
        ("/start@acme_bot vis_abc", "vis_abc"),
        ("/start", None),
        ("/start two words", None),
        ("hello /start abc", None),
        ("/start " + "x" * 65, None),
        ("/start ü", None),
    ],
)
def test_a_start_counts_with_a_payload_only(text, payload) -> None:
    update = recorded.start()
    update["message"]["text"] = text
    event = updates.parse(update)
    assert (event.payload if isinstance(event, BotStarted) else None) == payload


def test_a_start_in_a_group_is_none() -> None:
    update = recorded.start("vis_abc")
    update["message"]["chat"]["type"] = "group"
    assert updates.parse(update) is None


@pytest.mark.parametrize(
    ("status", "rights", "problem"),
    [
        ("administrator", {"can_invite_users": True}, ""),
        ("creator", {}, ""),
        ("administrator", {"can_invite_users": False}, updates.NO_INVITES),
        ("member", {}, updates.NO_ADMIN),
        ("left", {}, updates.NO_ADMIN),
        ("kicked", {}, updates.NO_ADMIN),
    ],
)
def test_the_bot_needs_to_be_an_administrator_who_may_invite(status, rights, problem) -> None:
    event = updates.parse(recorded.bot_rights(status=status, **rights))
    is_inside = status not in ("left", "kicked")
    assert event == BotRightsChanged(chat_id=CHAT, problem=problem, title="VIP", is_inside=is_inside)


def test_a_user_who_blocks_the_bot_changes_no_rights() -> None:
    update = recorded.bot_rights(status="kicked")
    update["my_chat_member"]["chat"] = {"id": 777, "type": "private"}
    assert updates.parse(update) is None


def test_a_group_that_becomes_a_supergroup_tells_both_ids() -> None:
    assert updates.parse(recorded.migration(old=-12, new=-100999)) == GroupMigrated(
        old_chat_id=-12, new_chat_id=-100999
    )


@pytest.mark.parametrize(
    "update",
    [None, [], 7, "text", {}, {"message": None}, {"chat_member": []}, {"poll": {}}, {"message": {"text": "hi"}}],
)
def test_what_is_unknown_is_none(update) -> None:
    assert updates.parse(update) is None


@pytest.mark.parametrize("person", [0, -5, 2**52, True, "777", None, 1.5])
def test_what_is_no_telegram_user_joins_nothing(person) -> None:
    change = {"status": "member", "user": user(person)}
    assert updates.parse(recorded.join(new_chat_member=change)) is None


@pytest.mark.parametrize("date", [0, -1, 2**32, 2**70, True, "now", None])
def test_what_has_no_date_is_none(date) -> None:
    assert updates.parse(recorded.join(date=date)) is None


EVERY_KIND = [
    recorded.join(link="https://t.me/+abc"),
    recorded.join(sender=ADMIN),
    recorded.leave(),
    recorded.join_request(link="https://t.me/+abc"),
    recorded.start("vis_abc"),
    recorded.bot_rights(can_invite_users=True),
    recorded.migration(),
]


@pytest.mark.parametrize("update", EVERY_KIND)
def test_what_is_kept_means_the_same_and_names_nobody(update) -> None:
    kept = updates.without_personal_data(update)
    assert updates.parse(kept) == updates.parse(update) is not None
    assert not {"Lovelace", "Ada", "Olga", "Analyst"} & set(json.dumps(kept).replace('"', " ").split())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["member", "left"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted(updates._READ)) | st.text(), inner, max_size=8)
    ),
    max_leaves=30,
)


@given(JSON)
def test_no_json_makes_it_raise(update) -> None:
    updates.parse(update)
    updates.update_id(update)
    json.dumps(updates.without_personal_data(update)).encode()


@given(st.sampled_from(EVERY_KIND), st.data())
def test_no_broken_update_makes_it_raise(update, data) -> None:
    broken = json.loads(json.dumps(update))
    holder = broken
    while True:
        name = data.draw(st.sampled_from(sorted(holder)))
        if not isinstance(holder[name], dict) or not holder[name] or data.draw(st.booleans()):
            holder[name] = data.draw(JSON)
            break
        holder = holder[name]
    updates.parse(broken)
    assert updates.parse(updates.without_personal_data(broken)) == updates.parse(broken)
