"""Delivers to platforms that take one event a request: a batch's requests leave at once, each in a thread."""

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import datetime
from functools import cache

import structlog

from adtarget.core.database import release_connection
from adtarget.core.http_messages import HttpAnswer
from dispatch.credentials import Token
from dispatch.delivery import Delivery, Parcel
from dispatch.platforms.reading import Verdict

log = structlog.get_logger(__name__)

AT_ONCE = 16  # requests of one thread; a pixel has four, so that no host gets more than 64 at the same time
MOST_AT_ONCE = 64  # of a process
GATHER_SECONDS = 0.02  # answers that come together are concluded together


class OneByOne(Delivery):
    """One claimed batch on its way to one pixel, a request for each of its events."""

    def _exchange(
        self, group: list[Parcel], attempts: list[int], token: Token, *, started: datetime
    ) -> list[list[Parcel]]:
        release_connection()
        asked = {_threads().submit(self._ask_alone, parcel, token): place for place, parcel in enumerate(group)}
        again: list[list[Parcel]] = []
        while asked:
            wait(asked, return_when=FIRST_COMPLETED)
            done, _ = wait(asked, timeout=GATHER_SECONDS)
            answers = [(asked.pop(one), one.result()) for one in done]
            for (verdict, answer), places in self._alike(answers, group, token):
                parcels, its = [group[place] for place in places], [attempts[place] for place in places]
                again += self._conclude(parcels, its, [verdict] * len(places), answer, started=started)
        return again

    def _ask_alone(self, parcel: Parcel, token: Token) -> HttpAnswer:
        """Never raises: its neighbours' answers are still to be written down."""
        try:
            return self._ask([parcel], token)
        except Exception as error:
            log.exception("a request could not be made", send_id=parcel.send.pk)
            return HttpAnswer(status=0, complete=False, reached=False, error=f"Not made: {type(error).__name__}")

    def _alike(
        self, answers: Iterable[tuple[int, HttpAnswer]], group: list[Parcel], token: Token
    ) -> Iterable[tuple[tuple[Verdict, HttpAnswer], list[int]]]:
        """The places of events that got the same answer."""
        alike: dict[tuple[Verdict, HttpAnswer], list[int]] = defaultdict(list)
        for place, answer in answers:
            (verdict,) = self._judge(answer, [group[place].send], token)
            alike[verdict, answer].append(place)
        return alike.items()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="request")
