"""Yandex Metrica: upload of offline conversions as CSV. Source: yandex.com/dev/metrika (read in 2026-11)."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Outcome, Reason
from dispatch.platforms.base import ClickId
from dispatch.platforms.building import present, price, unix_seconds
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import EVENT_NAMES, TEST_PIXEL, choice
from dispatch.platforms.plain import PlainPlatform, first_text, judged_by_status, plain_meanings
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon, Words

#: How visits are found: the parameter of an upload, the column, and the field of ours.
IDS = {"YCLID": ("Yclid", "yclid"), "CLIENT_ID": ("ClientId", "ym_uid")}
COLUMNS = ("Target", "DateTime", "Price", "Currency")
_BOUNDARY = "adtarget-4f7c1b9e2a6d"
ID_TYPE = choice(
    name="clientIdType",
    label="Visits are found by",
    help="A file holds one kind of id; events without it are not sent.",
    choices=[("YCLID", "the click of Yandex Direct (yclid)"), ("CLIENT_ID", "Metrica's cookie (_ym_uid)")],
)


class Yandex(PlainPlatform):
    slug = "yandex"
    name = "Yandex Metrica"
    icon = Icon(letter="Y", colour="#a61c00")
    words = Words(
        pixel_id="Counter",
        where_pixel_id="Metrica → Settings → Counter; a number. Each event needs a goal “JavaScript event” there.",
        credential="OAuth token",
        where_credential="oauth.yandex.com → your application, with the right metrika:write.",
        takes_tests="its pixel is kept for tests",
    )
    api_url = "https://api-metrika.yandex.net"
    accepted_signals = "yclid, ymUid"
    click_ids = (
        ClickId(field="yclid", name="Yandex click id (yclid)", parameter="yclid"),
        ClickId(field="ym_uid", name="Metrica's ClientId (ymUid)", cookie="_ym_uid", is_click=False),
    )
    event_names = {
        EventType.LEAD: "lead",
        EventType.PURCHASE: "purchase",
        EventType.COMPLETE_REGISTRATION: "registration",
        EventType.SUBSCRIBE: "subscribe",
    }
    max_age = timedelta(days=21)  # as long after a visit as conversions are added to it
    batch_limit = 10_000
    meanings = plain_meanings("Yandex", "Metrica")
    options = (EVENT_NAMES, ID_TYPE, TEST_PIXEL)

    def has_signal(self, event: OutgoingEvent) -> bool:
        return any(event.signal(field) for _, field in IDS.values())

    def wants(self, event: OutgoingEvent, pixel: PixelConfig) -> bool:
        return bool(event.signal(_id_of(pixel)[2]))

    def example(self, event: OutgoingEvent, pixel: PixelConfig) -> OutgoingEvent:
        """A test event with an id of nobody: Yandex takes the line, and links it to no visit."""
        return replace(event, more_ids={field: "1000000000" for _, field in IDS.values()})

    def payload(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        """A line of the file, by its columns."""
        _, column, field = _id_of(pixel)
        if not event.signal(field):
            raise CannotExpress(Reason.MISSING_IDENTIFIER)
        priced = price(event, required=event.event_type == EventType.PURCHASE)
        return {
            column: event.signal(field),
            **present(
                Target=self.event_name(event, pixel),
                DateTime=unix_seconds(event.occurred_at),
                Price=priced.get("value"),
                Currency=priced.get("currency"),
            ),
        }

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        kind, column, _ = _id_of(pixel)
        counter = quote(pixel.pixel_id, safe="")
        query = urlencode({"client_id_type": kind})
        return PreparedRequest(
            url=f"{pixel.api_url}/management/v1/counter/{counter}/offline_conversions/upload?{query}",
            headers={
                "Authorization": f"OAuth {credential}",
                "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            },
            body=_multipart(_csv([column, *COLUMNS], payloads)),
        )

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        """The answer counts the lines of the file; what was linked to a visit is known hours later, in Metrica."""
        match body:
            case {"uploading": {"id": upload, "source_quantity": int(lines)}} if (
                answer.status == 200 and lines == count
            ):
                return [Verdict(outcome=Outcome.ACCEPTED, trace_id=first_text(upload))] * count
            case {"message": message}:
                return judged_by_status(answer, body, count, message=first_text(message))
        return judged_by_status(answer, body, count, message="")


def _id_of(pixel: PixelConfig) -> tuple[str, str, str]:
    kind = str(pixel.options.get("clientIdType") or "YCLID")
    return (kind, *IDS.get(kind, IDS["YCLID"]))


def _csv(columns: Sequence[str], rows: Sequence[Payload]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _multipart(text: str) -> bytes:
    """One file of a form (RFC 7578); ids hold no line break, so no line can be the boundary."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="conversions.csv"\r\n'
    return f"{head}Content-Type: text/csv\r\n\r\n{text}\r\n--{_BOUNDARY}--\r\n".encode(errors="replace")
