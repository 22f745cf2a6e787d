"""How the joins of a period came about: from an ad, from the page, lost on the way, or from elsewhere."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db.models import TextChoices

from tracker import attribution
from tracker.choices import Route


class JoinKind(TextChoices):
    """How a join counts for the ads. Only people who came by the page can be lost."""

    ATTRIBUTED = "attributed", "From an ad"
    NO_CLICK = "no_click", "From the page, without an ad"
    LOST = "lost", "Lost on the way"
    ELSEWHERE = "elsewhere", "From elsewhere"


def kind_of(route: Route, tap_before: str) -> JoinKind:
    if route == Route.NO_CLICK:
        return JoinKind.NO_CLICK
    if route in attribution.OURS:
        return JoinKind.ATTRIBUTED
    return JoinKind.LOST if tap_before else JoinKind.ELSEWHERE


@dataclass(slots=True)
class Joins:
    """Those who joined first in a period. A person counts once, however often they come back."""

    by_evidence: Counter[tuple[Route, str]] = field(default_factory=Counter)  # route and tap before
    by_day: dict[JoinKind, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))
    left: int = 0
    came_back: int = 0

    @property
    def total(self) -> int:
        return self.by_evidence.total()

    @property
    def attributed(self) -> int:
        return self.of(JoinKind.ATTRIBUTED)

    @property
    def lost(self) -> int:
        return self.of(JoinKind.LOST)

    @property
    def from_page(self) -> int:
        """All who came by the page, found again or lost: what the loss is a share of."""
        return self.total - self.of(JoinKind.ELSEWHERE)

    def of(self, kind: JoinKind) -> int:
        return sum(count for (route, tap), count in self.by_evidence.items() if kind_of(route, tap) == kind)

    def by(self, route: Route) -> int:
        return sum(count for (found, _), count in self.by_evidence.items() if found == route)

    def lost_by(self, route: Route, *taps: str) -> int:
        """Those of the route who had tapped before, in one of these ways or in any."""
        return sum(
            count
            for (found, tap), count in self.by_evidence.items()
            if found == route and kind_of(found, tap) == JoinKind.LOST and (not taps or tap in taps)
        )
