"""Reads later reports of platforms that accept a request first and judge its events afterwards. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """What became of a request. `reasons`: records dropped, by the platform's reason."""

    counted: Counted
    reasons: Mapping[str, int] = field(default_factory=dict)


class LaterAnswers(ABC):
    """How to ask a platform what became of a request it accepted, and how to read what it says."""

    requests_per_minute: ClassVar[int]
    give_up_after: ClassVar[timedelta]

    @abstractmethod
    def url(self, api_url: str, request_id: str) -> str:
        """Where to ask."""

    @abstractmethod
    def read(self, answer: HttpAnswer) -> Diagnosis | None:
        """None where the answer says nothing of the request: ask again."""

    @abstractmethod
    def next_wait(self, first: timedelta, *, asked: int) -> timedelta:
        """The wait after `asked` answers that were not final; `first` is the first wait."""

    @abstractmethod
    def meaning(self, reason: str) -> str:
        """What a reason means and what to do."""
