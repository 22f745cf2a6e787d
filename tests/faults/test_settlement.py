"""The storm's settlement names each thing that can go wrong, and nothing where all is well."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.settlement import (
    PLATFORMS,
    Deletion,
    Facts,
    Listener,
    Log,
    Promise,
    Receipt,
    Sent,
    Span,
    settle,
    tracebacks,
)

PERSON, NOBODY = 7, 2**51 + 1
OPERATIONAL = """error happened
Traceback (most recent call last):
  File "x.py", line 1, in work
    connect()
{last}
next line
"""


def good() -> tuple[Log, Facts]:
    """One event that every platform took and one webhook was told of, once."""
    log = Log(
        promises={"cnv": Promise("cnv", PERSON, asked=10, answered=11)},
        listeners={"lasting": Listener("lasting", "whk", since=1, events=[])},
    )
    sends = [Sent(f"snd-{name}", "cnv", name, "sent", "", 12, [(11.5, "accepted")]) for name in PLATFORMS]
    facts = Facts(
        conversions={"cnv": PERSON},
        leads={PERSON},
        sends=sends,
        messages=[(f"msg-{name}", "sent", PERSON) for name in PLATFORMS],
        kept_of_erased=0,
        taken=Counter({(name, "cnv"): 1 for name in PLATFORMS}),
        receipts=[Receipt("lasting", f"msg-{name}", "send.sent", f"snd-{name}", 13) for name in PLATFORMS],
    )
    return log, facts


def change_first_send(facts: Facts, **changes: object) -> None:
    facts.sends[0] = replace(facts.sends[0], **changes)  # type: ignore[arg-type]


def without_a_send(log: Log, facts: Facts) -> None:
    del facts.sends[0]
    del facts.taken["meta", "cnv"]


def never_arrived(log: Log, facts: Facts) -> None:
    del facts.taken["meta", "cnv"]


def still_open(log: Log, facts: Facts) -> None:
    change_first_send(facts, status="pending", sent_at=None)


def erased_without_being_asked(log: Log, facts: Facts) -> None:
    change_first_send(facts, status="skipped", reason="erased", sent_at=None)


def removed_while_on(log: Log, facts: Facts) -> None:
    log.off.append(Span("meta", 1, 9))
    change_first_send(facts, status="skipped", reason="pixel_removed", sent_at=None)


def vanished(log: Log, facts: Facts) -> None:
    facts.conversions.clear()
    facts.taken.clear()


def conclusion_undone(log: Log, facts: Facts) -> None:
    change_first_send(facts, attempts=[(11.5, "accepted"), (12.5, "accepted")])


def unwritten_attempt(log: Log, facts: Facts) -> None:
    facts.taken["meta", "cnv"] = 2


def new_event_id(log: Log, facts: Facts) -> None:
    facts.taken["meta", "other"] = 1


def still_named(log: Log, facts: Facts) -> None:
    log.erased[PERSON] = 20


def kept_payload(log: Log, facts: Facts) -> None:
    facts.kept_of_erased = 1


def untold(log: Log, facts: Facts) -> None:
    del facts.receipts[0]


def told_twice(log: Log, facts: Facts) -> None:
    facts.receipts.append(replace(facts.receipts[0], message_id="other"))


def told_after_deletion(log: Log, facts: Facts) -> None:
    log.deleted["lasting"] = Deletion(2, 3)


def open_message(log: Log, facts: Facts) -> None:
    facts.messages.append(("msg", "pending", None))


def forged(log: Log, facts: Facts) -> None:
    facts.forged = 1


FAULTS: dict[Callable[[Log, Facts], None], str] = {
    without_a_send: "meta: accepted events without a send",
    never_arrived: "meta: sends called sent that never arrived",
    still_open: "meta: sends ended as pending",
    erased_without_being_asked: "meta: sends ended as erased of people nobody erased",
    removed_while_on: "meta: sends ended for a switched-off pixel that was on",
    vanished: "accepted conversions vanished",
    conclusion_undone: "sends accepted and concluded, then sent again",
    unwritten_attempt: "events arrived more often than attempts are written down",
    new_event_id: "events arrived that no conversion stands behind",
    still_named: "conversions still name an erased person",
    kept_payload: "attempts of erased people still hold what was sent",
    untold: "sent events that a webhook was not told of",
    told_twice: "send.sent told under more than one id",
    told_after_deletion: "messages told to a deleted webhook",
    open_message: "webhook messages are pending",
    forged: "webhook messages with a wrong signature",
}


def test_a_clean_account_settles() -> None:
    assert settle(*good(), lease=4) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_named(fault: Callable[[Log, Facts], None]) -> None:
    log, facts = good()
    fault(log, facts)
    assert any(FAULTS[fault] in line for line in settle(log, facts, lease=4))


def test_an_erased_lead_explains_its_skipped_sends() -> None:
    log, facts = good()
    log.erased[PERSON] = 11.5
    facts.conversions["cnv"], facts.leads, facts.messages = NOBODY, {NOBODY}, []
    change_first_send(facts, status="skipped", reason="erased", sent_at=None)
    facts.receipts.clear()
    assert settle(log, facts, lease=4) == []


@pytest.mark.parametrize("has_send", [True, False])
def test_a_switched_off_pixel_explains_its_gap(has_send: bool) -> None:
    log, facts = good()
    log.off.append(Span("meta", 10.5, 30))
    change_first_send(facts, status="skipped", reason="pixel_removed", sent_at=None)
    if not has_send:
        without_a_send(log, facts)
    assert settle(log, facts, lease=4) == []


def test_a_send_repeated_after_its_lease_is_no_double() -> None:
    log, facts = good()
    change_first_send(facts, attempts=[(11.5, "accepted"), (15.6, "accepted")])
    facts.taken["meta", "cnv"] = 2
    assert settle(log, facts, lease=4) == []


def test_any_traceback_counts_on_sqlite() -> None:
    text = OPERATIONAL.format(last="django.db.utils.OperationalError: the connection is closed")
    assert len(tracebacks("web", text, servers_are_killed=False)) == 1


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        ("django.db.utils.OperationalError: the connection is closed", False),
        ("redis.exceptions.ConnectionError: refused", False),
        ("django.db.utils.OperationalError: deadlock detected", True),
        ("ValueError: wrong", True),
    ],
)
def test_a_killed_server_explains_its_own_tracebacks(last: str, counts: bool) -> None:
    text = OPERATIONAL.format(last=last)
    assert bool(tracebacks("web", text, servers_are_killed=True)) is counts


def test_a_chain_of_exceptions_counts_by_its_last() -> None:
    first = OPERATIONAL.format(last="AttributeError: no cache").replace("next line\n", "")
    chained = f"{first}\nDuring handling of the above exception, another exception occurred:\n\n" + "\n".join(
        OPERATIONAL.format(last="django.db.utils.OperationalError: closed").splitlines()[1:]
    )
    assert tracebacks("web", chained, servers_are_killed=True) == []
    assert len(tracebacks("web", chained, servers_are_killed=False)) == 1
