"""A platform that does not exist, and its judge: all that a new platform needs to bring."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from adtarget.sandbox.judging import Judge, Judgement, Submission, Terms, as_dict, events_of
from adtarget.sandbox.request import Request
from conversions.choices import EventType
from dispatch.choices import Outcome
from dispatch.platforms.base import ANY_PIXEL_ID, ClickId, Platform
from dispatch.platforms.building import json_request, present, price, unix_seconds
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import EVENT_NAMES, choice
from dispatch.platforms.reading import Verdict, not_their_words, refused
from dispatch.platforms.words import NEW_TOKEN, Icon, ReasonWords, Words

MOOD = choice(name="mood", label="Mood", help="As told.", choices=[("calm", "Calm"), ("loud", "Loud")])


class MadeUp(Platform):
    slug = "madeup"
    name = "Madeup"
    icon = Icon(letter="U", colour="#7a1fa2")
    words = Words(
        pixel_id="Tag id",
        where_pixel_id="Tags → your tag.",
        credential="Tag token",
        where_credential="Tags → Token.",
        takes_tests="they always are",
    )
    api_url = "https://api.madeup.example"
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel = {"pixelId": "tag-1", "accessToken": "madeup-sandbox-token"}
    accepted_signals = "muclid, pii.email"
    click_ids = (
        ClickId(field="muclid", name="Madeup click id (muclid)", parameter="muclid"),
        ClickId(field="mu_browser", name="Madeup browser id (muBrowser)", cookie="_mu", is_click=False),
    )
    event_names = {kind: kind.value.lower() for kind in EventType if kind != EventType.CUSTOM}
    max_age = timedelta(days=5)
    batch_limit = 10
    currencies = None
    requests_per_minute = None
    match_weights = {"e-mail": 50, "Madeup click id (muclid)": 50}
    reasons = {
        "madeup_holiday": ReasonWords(label="Madeup is on holiday", meaning="It is closed.", advice="Wait for spring.")
    }
    meanings = {"http_401": f"Madeup does not know the token. {NEW_TOKEN}", "http_400": "Madeup found it wrong."}
    options = (EVENT_NAMES, MOOD)
    credential_kinds = ()
    consents = ()
    exchange = None
    later = None

    def has_signal(self, event: OutgoingEvent) -> bool:
        return bool(event.signal("muclid") or event.email)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        return True

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        if event.content_name == "holiday":
            raise CannotExpress("madeup_holiday")
        return present(
            name=self.event_name(event, pixel),
            id=event.event_id,
            at=unix_seconds(event.occurred_at),
            click=event.signal("muclid"),
            browser=event.signal("mu_browser"),
            email=event.email,
            **price(event, required=False),
        )

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        url = f"{pixel.api_url}/tags/{pixel.pixel_id}/{'check' if test else 'send'}"
        return json_request(url, headers={"Authorization": f"Bearer {credential}"}, document={"events": list(payloads)})

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        match body:
            case {"taken": int(taken)} if answer.status == 200 and taken == count:
                return [Verdict(outcome=Outcome.ACCEPTED)] * count
            case dict() if answer.status == 401:
                return [Verdict(outcome=Outcome.AUTH, code="http_401")] * count
            case dict() if answer.status == 400:
                return refused(Verdict(outcome=Outcome.REJECTED, code="http_400"), count)
        return not_their_words(answer, count)


class MadeUpJudge(Judge):
    slug, label = "madeup", "Madeup"
    refusals = {"auth": {"status": 401}, "invalid": {"status": 400}}

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and request.path.startswith("/tags/")

    def read(self, request: Request) -> Submission:
        events = events_of(as_dict(request.document).get("events"), id_key="id", name_key="name")
        pixel, _, action = request.path.removeprefix("/tags/").partition("/")
        return Submission(request, pixel=pixel, token=request.bearer, events=events, is_test=action == "check")

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            event.check("at", isinstance(event.raw.get("at"), int), "is a number")
            event.check("click", event.raw.get("click") or event.raw.get("email"), "or an e-mail is there")
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        return self.refusal({"name": "invalid"}, submission) if submission.problem else self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        return Judgement(200, {"taken": len(submission.events)}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        return Judgement(int(self.told(told)["status"]), {})
