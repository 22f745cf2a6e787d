"""The sandbox's state: its judges, what was received, its faults and its settings."""

import threading
import time
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from adtarget.sandbox.faults import Fault, Faults
from adtarget.sandbox.judging import Judge, Judgement, Submission, Terms
from adtarget.sandbox.platforms.registry import new_judges
from adtarget.sandbox.request import Request
from adtarget.sandbox.store import Store
from adtarget.sandbox.telegram.judge import Telegram
from adtarget.sandbox.webhooks import Webhooks


class SandboxState:
    """Everything about the sandbox but its connections."""

    def __init__(self, *, telegram_links: str) -> None:
        self.webhooks, self.telegram = Webhooks(), Telegram(telegram_links)
        platforms = new_judges()
        self.judges: dict[str, Judge] = {judge.slug: judge for judge in (*platforms, self.webhooks, self.telegram)}
        self.store, self.faults = Store(self.judges), Faults()
        self.latency_seconds = 0.0
        self.validates = True
        self.tokens: frozenset[str] | None = None
        self.redirects_followed = 0
        self.stopping = threading.Event()

    # -------------------------------------------------------------- for tests
    def events(self, **wanted: Any) -> list[dict[str, Any]]:
        """What came, oldest first; by `platform`, `pixel`, `event_id`; `limit` keeps the newest."""
        return self.store.events(**wanted)

    def stats(self) -> dict[str, dict[str, int]]:
        return self.store.stats()

    def fault(self, *, kind: str, platform: str = "*", **told: Any) -> None:
        """Adds a fault; see `faults.Fault` and `faults.KINDS`."""
        self.faults.add(self.made_fault({"kind": kind, "platform": platform, **told}))

    def made_fault(self, told: Mapping[str, Any]) -> Fault:
        """A fault that can come true. Raises ValueError or TypeError with a sentence."""
        known = [field.name for field in fields(Fault) if field.init]
        if unknown := set(told) - set(known):
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}. It has: {', '.join(known)}.")
        fault = Fault(**{name: value for name, value in told.items() if value is not None})
        if fault.platform not in ("*", *self.judges):
            raise ValueError(f"{fault.platform} is no platform here. There are: *, {', '.join(self.judges)}.")
        name = fault.params.get("name")
        if name is not None and fault.kind == "platform_error":
            judges = [self.judges[fault.platform]] if fault.platform != "*" else list(self.judges.values())
            if not all(name in judge.refusals for judge in judges):
                raise ValueError(
                    f"{name} is no refusal of {fault.platform}. There are: {', '.join(judges[0].refusals)}."
                )
        return fault

    def clear(self) -> None:
        """Forgets what came and behaves again. Telegram's chats stay: `telegram.state.clear()` forgets them."""
        self.store.clear()
        self.faults.replace()
        for judge in self.judges.values():
            judge.forget()

    @property
    def diagnostics_seconds(self) -> float:
        """How long the platforms that say later what was counted take to know it."""
        return max((judge.seconds_until_known for judge in self.judges.values()), default=0.0)

    @diagnostics_seconds.setter
    def diagnostics_seconds(self, seconds: float) -> None:
        for judge in self.judges.values():
            judge.seconds_until_known = seconds

    # -------------------------------------------------------------- one request
    def judge_of(self, request: Request) -> Judge | None:
        return next((judge for judge in self.judges.values() if judge.takes(request)), None)

    def receive(self, judge: Judge, request: Request) -> tuple[Submission, Judgement, Fault | None]:
        """Counts, judges and keeps a request; what to answer, and what to do wrong about it."""
        received_at = time.time()
        self.store.count_request(judge.slug)
        submission = judge.read(request)
        fault = self.faults.take(judge.slug, submission)
        if fault and not fault.processes:
            answer = Judgement(0, None)
        elif self.validates:
            answer = judge.judge(submission, Terms(now=received_at, tokens=self.tokens))
        else:
            answer = judge.success(submission)
        if submission.is_kept:
            self.store.keep(
                judge.slug,
                submission,
                is_accepted=answer.is_accepted,
                status=answer.status,
                fault=fault.kind if fault else "",
                received_at=received_at,
            )
        return submission, answer, fault
