"""Takes a batch: its results in the order of its events."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from adtarget.api import exception_handler
from adtarget.core import errors
from conversions import duplicates
from conversions.batch.answers import Answers
from conversions.batch.channels import find_channels, pixels_by_site
from conversions.batch.items import Item
from conversions.batch.people import lock_people
from conversions.batch.recording import Recorder
from conversions.fast_path.answering import shown
from leads.models import ApiKey


@transaction.atomic
def record_batch(key: ApiKey, items: list[Item], *, now: datetime) -> list[dict[str, Any]]:
    """One result for each event; a refused one refuses no other. All that is kept is committed together."""
    answers = Answers(key, items, now=now)
    to_do = list(_unanswered(items, answers))
    find_channels(key, to_do)
    taken = [item for item in to_do if item.refusal is None]
    known = lock_people(key, taken, looks_back_to=now - _longest(taken), now=now)
    recorder = Recorder(key, known, pixels_by_site(taken), now)
    results = [{"index": item.index, **_result(item, recorder, answers)} for item in items]
    recorder.write()
    answers.write()
    return results


def _unanswered(items: Iterable[Item], answers: Answers) -> Iterator[Item]:
    """The events that are to be recorded; of those with one key the first."""
    seen: set[str] = set()
    for item in items:
        if item.refusal is None and answers.kept_for(item) is None and not (item.key and item.key in seen):
            yield item
        seen.add(item.key)


def _longest(items: Iterable[Item]) -> timedelta:
    """How far back a conversion may lie that an event repeats."""
    spans = [duplicates.looks_back(item.channel.site, item.facts) for item in items if item.channel and item.facts]
    return max(spans, default=timedelta(0))


def _result(item: Item, recorder: Recorder, answers: Answers) -> dict[str, Any]:
    if (kept := answers.kept_for(item)) is not None:
        return kept
    try:
        if item.refusal is not None:
            raise item.refusal
        status, answer = 200, shown(recorder.record(item))
    except errors.ApiError as refusal:
        status, answer = refusal.status, exception_handler.envelope(refusal)
    answers.keep(item, status, answer)
    return {"status": status, **answer}
