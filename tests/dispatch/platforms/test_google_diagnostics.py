"""What Google says later of accepted requests, read."""

import json
from datetime import timedelta

import pytest

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Counted
from dispatch.platforms.google.diagnostics import GoogleDiagnostics
from dispatch.platforms.later import Diagnosis

LATER = GoogleDiagnostics()


def told(*statuses: dict, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status=status, body=json.dumps({"requestStatusPerDestination": list(statuses)}).encode())


def errors(**counts: int) -> dict:
    listed = [
        {"recordCount": str(count), "reason": f"PROCESSING_ERROR_REASON_{name}"} for name, count in counts.items()
    ]
    return {"errorInfo": {"errorCounts": listed}}


@pytest.mark.parametrize(
    ("answer", "counted", "reasons"),
    [
        (told({"requestStatus": "SUCCESS"}), Counted.COUNTED, {}),
        (told({"requestStatus": "PROCESSING", "errorInfo": {}}), Counted.WAITING, {}),
        (told({"requestStatus": "REQUEST_STATUS_UNKNOWN"}), Counted.WAITING, {}),
        (told({"requestStatus": "FAILED"} | errors(INVALID_GCLID=2)), Counted.DROPPED, {"INVALID_GCLID": 2}),
        (
            told({"requestStatus": "PARTIAL_SUCCESS"} | errors(NO_CONSENT=1, INVALID_CLICK=3)),
            Counted.PARTLY,
            {"NO_CONSENT": 1, "INVALID_CLICK": 3},
        ),
        (
            told({"requestStatus": "SUCCESS"}, {"requestStatus": "FAILED"} | errors(INVALID_GCLID=1)),
            Counted.PARTLY,
            {"INVALID_GCLID": 1},
        ),
        (told({"requestStatus": "SUCCESS"}, {"requestStatus": "PROCESSING"}), Counted.WAITING, {}),
        (HttpAnswer(status=404, body=b"{}"), Counted.UNKNOWN, {}),
    ],
)
def test_each_status_is_read(answer, counted, reasons) -> None:
    assert LATER.read(answer) == Diagnosis(counted=counted, reasons=reasons)


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(status=500),
        HttpAnswer(status=0, complete=False),
        HttpAnswer(status=200, body=b"<html>"),
        HttpAnswer(status=200, body=b"[]"),
        HttpAnswer(status=200, body=b'{"requestStatusPerDestination": []}'),
        HttpAnswer(status=200, body=b'{"requestStatusPerDestination": "SUCCESS"}'),
        HttpAnswer(status=404, complete=False),
        HttpAnswer(status=401),
    ],
)
def test_an_answer_that_tells_nothing_is_no_verdict(answer) -> None:
    assert LATER.read(answer) is None


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("PROCESSING_ERROR_REASON_INVALID_GCLID", "INVALID_GCLID"),
        (
            "PROCESSING_ERROR_OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER",
            "OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER",
        ),
    ],
)
def test_both_prefixes_are_taken_off(written: str, reason: str) -> None:
    counts = {"errorInfo": {"errorCounts": [{"recordCount": "1", "reason": written}]}}
    diagnosis = LATER.read(told({"requestStatus": "FAILED"} | counts))
    assert diagnosis is not None
    assert diagnosis.reasons == {reason: 1}


@pytest.mark.parametrize(
    "reason",
    [
        "OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER",
        "INVALID_OPERATING_ACCOUNT_FOR_CLICK",
        "CLICK_NOT_FOUND",
        "ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID",
        "CUSTOMER_DATA_TERMS_NOT_SIGNED",
        "INVALID_AD_IDENTIFIERS",
    ],
)
def test_every_known_reason_is_explained(reason: str) -> None:
    assert not LATER.meaning(reason).startswith("Google's reason")


def test_a_count_that_is_none_is_left_out() -> None:
    answer = told(
        {"requestStatus": "FAILED", "errorInfo": {"errorCounts": [{"recordCount": "x"}, None, {"reason": 1}]}}
    )

    assert LATER.read(answer) == Diagnosis(counted=Counted.DROPPED)


def test_the_waits_grow_to_an_hour() -> None:
    waits = [LATER.next_wait(timedelta(minutes=30), asked=asked) / timedelta(minutes=1) for asked in range(5)]

    assert waits == pytest.approx([30, 39, 50.7, 60, 60])


def test_the_request_id_is_quoted() -> None:
    assert LATER.url("https://g", "a&b=c") == "https://g/v1/requestStatus:retrieve?requestId=a%26b%3Dc"
