"""Compares what a storm was promised with what the database and the sandbox hold, and names what is wrong."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

PLATFORMS = ("meta", "tiktok", "snapchat", "google")
#: A message that a worker had in hand when its webhook was deleted may still arrive.
LAST_WORD_SECONDS = 5.0

#: Run in `manage.py shell`; one JSON document.
FACTS = """
import json
from conversions.models import Conversion
from dispatch.models import Attempt, Send
from dispatch.webhooks.models import WebhookMessage
from leads.models import Lead
erased = Attempt.objects.filter(send__conversion__lead__telegram_user_id__gt=2**51)
stamp = lambda moment: moment.timestamp() if moment else None
print(json.dumps({
    "conversions": dict(Conversion.objects.values_list("pk", "telegram_user_id")),
    "leads": list(Lead.objects.values_list("telegram_user_id", flat=True)),
    "sends": [
        [s.pk, s.conversion_id, s.platform, s.status, s.reason, stamp(s.sent_at),
         [[stamp(a.started_at), a.outcome] for a in sorted(s.attempt_set.all(), key=lambda a: a.number)]]
        for s in Send.objects.prefetch_related("attempt_set")
    ],
    "messages": [
        [m.pk, m.status if m.endpoint.is_active else "", m.data.get("telegramUserId")]
        for m in WebhookMessage.objects.select_related("endpoint")
    ],
    "kept_of_erased": erased.exclude(request={}, response="").count(),
}))
"""


@dataclass(frozen=True, slots=True)
class Promise:
    """An event that was answered 200."""

    event_id: str
    person: int
    asked: float
    answered: float


@dataclass(frozen=True, slots=True)
class Span:
    """A pixel was off, or may have been, from the first request to the last answer."""

    platform: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Listener:
    """A registered webhook; `since` it is certain to be told."""

    receiver: str
    webhook_id: str
    since: float
    events: list[str]


@dataclass(frozen=True, slots=True)
class Deletion:
    asked: float
    answered: float


@dataclass
class Log:
    """What was asked for and answered during a storm."""

    promises: dict[str, Promise] = field(default_factory=dict)  # by conversion
    erased: dict[int, float] = field(default_factory=dict)
    off: list[Span] = field(default_factory=list)
    refusals: int = 0
    listeners: dict[str, Listener] = field(default_factory=dict)
    deleted: dict[str, Deletion] = field(default_factory=dict)

    def kept(self) -> list[Listener]:
        return [one for name, one in list(self.listeners.items()) if name not in self.deleted]


@dataclass(frozen=True, slots=True)
class Sent:
    """A send as the database has it; its attempts are pairs of start and outcome."""

    send_id: str
    conversion_id: str
    platform: str
    status: str
    reason: str
    sent_at: float | None
    attempts: list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Receipt:
    """An accepted webhook message at the sandbox."""

    receiver: str
    message_id: str
    type: str
    send_id: str
    at: float


@dataclass
class Facts:
    """What the database and the sandbox hold at the end."""

    conversions: dict[str, int]
    leads: set[int]
    sends: list[Sent]
    messages: list[tuple[str, str, int | None]]  # id, status ("" where the webhook was deleted), person
    kept_of_erased: int
    taken: Counter[tuple[str, str]]  # platform and event id: how often
    receipts: list[Receipt]
    forged: int = 0  # webhook messages with a wrong signature


def settle(log: Log, facts: Facts, *, lease: float) -> list[str]:
    """What does not hold; empty where nothing is lost and nothing doubled."""
    found = [
        *_unkept(log, facts),
        *_doubled(facts, lease=lease),
        *_not_erased(log, facts),
        *_untold(log, facts),
        *_told_wrongly(log, facts),
    ]
    counts, examples = Counter(what for what, _ in found), dict(reversed(found))
    return [f"{count} × {what}, such as {examples[what]}" for what, count in counts.items()]


Found = Iterator[tuple[str, str]]


def _unkept(log: Log, facts: Facts) -> Found:
    """Accepted events that a platform did not get and nobody had erased or switched off."""
    sends = {(send.conversion_id, send.platform): send for send in facts.sends}
    for conversion_id, promise in log.promises.items():
        if conversion_id not in facts.conversions:
            yield "accepted conversions vanished", conversion_id
            continue
        for platform in PLATFORMS:
            send = sends.get((conversion_id, platform))
            if problem := _problem(send, promise, platform, log, facts):
                yield f"{platform}: {problem}", f"{conversion_id} {send.send_id if send else ''}"


def _problem(send: Sent | None, promise: Promise, platform: str, log: Log, facts: Facts) -> str:
    was_off = [span for span in log.off if span.platform == platform and span.ends >= promise.asked]
    if send is None:
        is_explained = any(span.begins <= promise.answered for span in was_off)
        return "" if is_explained else "accepted events without a send"
    match send.status, send.reason:
        case "sent", _:
            arrived = facts.taken[platform, promise.event_id]
            return "" if arrived else "sends called sent that never arrived"
        case "skipped", "erased":
            return "" if promise.person in log.erased else "sends ended as erased of people nobody erased"
        case "skipped", "pixel_removed":
            return "" if was_off else "sends ended for a switched-off pixel that was on"
    return f"sends ended as {send.status} {send.reason}".rstrip()


def _doubled(facts: Facts, *, lease: float) -> Found:
    event_ids = set(facts.conversions)
    attempts: Counter[tuple[str, str]] = Counter()
    for send in facts.sends:
        attempts[send.platform, send.conversion_id] += len(send.attempts)
        accepted = [started for started, outcome in send.attempts if outcome == "accepted"]
        # After the lease another worker may send again, under the same id: the first one's conclusion came late.
        if any(later < first + lease for first, later in pairwise(accepted)):
            yield "sends accepted and concluded, then sent again", send.send_id
    for (platform, event_id), times in facts.taken.items():
        if event_id not in event_ids:
            yield "events arrived that no conversion stands behind", f"{platform} {event_id}"
        elif times > attempts[platform, event_id]:
            yield "events arrived more often than attempts are written down", f"{platform} {event_id}"


def _not_erased(log: Log, facts: Facts) -> Found:
    yield from (("erased people still among the leads", str(one)) for one in facts.leads & set(log.erased))
    for conversion_id, person in facts.conversions.items():
        if person in log.erased:
            yield "conversions still name an erased person", conversion_id
    for message_id, _, person in facts.messages:
        if person in log.erased:
            yield "webhook messages still name an erased person", message_id
    if facts.kept_of_erased:
        yield "attempts of erased people still hold what was sent", f"{facts.kept_of_erased} attempts"


def _untold(log: Log, facts: Facts) -> Found:
    """Webhooks that still exist were told of every end since they were registered."""
    told = {(one.receiver, one.send_id) for one in facts.receipts if one.type == "send.sent"}
    erased = {event for event, promise in log.promises.items() if promise.person in log.erased}
    for listener in log.kept():
        if listener.events and "send.sent" not in listener.events:
            continue
        for send in facts.sends:
            is_due = send.status == "sent" and (send.sent_at or 0) > listener.since
            if is_due and send.conversion_id not in erased and (listener.receiver, send.send_id) not in told:
                yield "sent events that a webhook was not told of", f"{listener.receiver} {send.send_id}"
    for message_id, status, _ in facts.messages:
        if status not in ("sent", ""):
            yield f"webhook messages are {status}", message_id


def _told_wrongly(log: Log, facts: Facts) -> Found:
    ids: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in facts.receipts:
        if one.send_id:
            ids[one.receiver, one.type, one.send_id].add(one.message_id)
        deletion = log.deleted.get(one.receiver)
        if deletion and one.at > deletion.answered + LAST_WORD_SECONDS:
            yield "messages told to a deleted webhook", f"{one.receiver} {one.message_id}"
    for (receiver, kind, send_id), messages in ids.items():
        if len(messages) > 1:
            yield f"{kind} told under more than one id", f"{receiver} {send_id} {sorted(messages)}"
    if facts.forged:
        yield "webhook messages with a wrong signature", f"{facts.forged} messages"


#: What a process may say while its database or broker is killed; other errors of theirs are the product's.
OUTAGE = re.compile(
    r"^(django\.db\.utils\.(OperationalError|InterfaceError)|psycopg\.(OperationalError|errors\.\w*Shutdown)"
    r"|psycopg_pool\.PoolTimeout|(redis|kombu)\.exceptions\.\w+|celery\.beat\.SchedulingError: .*Connection refused"
    r"|ConnectionRefusedError|ConnectionResetError)\b"
)
OUR_FAULT = re.compile("deadlock|lock timeout|statement timeout|could not serialize|database is locked")
#: Between two exceptions of a chain, and below an error of PostgreSQL.
CHAINS = ("The above exception was", "During handling of the above")
NOTES = ("DETAIL:", "HINT:", "CONTEXT:", "LINE ", "\t", " ")
BEGINS = "Traceback (most recent call last):"


def tracebacks(name: str, text: str, *, servers_are_killed: bool) -> list[str]:
    """The last lines of the tracebacks in a process's output, with their counts."""
    lasts = Counter(
        last
        for last in _last_lines(text.splitlines())
        if not (servers_are_killed and OUTAGE.match(last) and not OUR_FAULT.search(last))
    )
    return [f"{count} × traceback in {name}: {last}" for last, count in lasts.items()]


def _last_lines(lines: Iterable[str]) -> Iterator[str]:
    """The line of each exception: the first after its traceback that is not indented; of a chain, the last one's."""
    is_inside, last = False, ""
    for line in lines:
        if line.lstrip("| ").startswith(BEGINS):
            is_inside, last = True, ""
        elif is_inside and line and not line.startswith((" ", "|", "\t")):
            is_inside, last = False, line
        elif last and line and not line.startswith(CHAINS + NOTES):
            yield last
            last = ""
    if last:
        yield last
