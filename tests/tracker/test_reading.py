"""Requests read without the serializer equal those it reads."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adtarget.api import parsing
from adtarget.core import errors
from tracker.serializers import InitRequest, InviteRequest, UpdateRequest, read_fields

SERIALIZERS = [InitRequest, UpdateRequest, InviteRequest]
NAMES = sorted({name for serializer in SERIALIZERS for name in serializer().fields})
VISITOR = "0b9d4c1e-6f0a-4d3c-8a52-1f2e3d4c5b6a"
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.text(max_size=8).filter(lambda text: "\0" not in text),
    st.sampled_from(["", "https://acme.example/", VISITOR, "203.0.113.9", "true", "javascript:1"]),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.sampled_from(["ads", "tcf", "consentMode"]), st.one_of(st.booleans(), st.text(max_size=3))),
)
RIGHT = {"websiteId": "atid_1", "href": "https://acme.example/", "tempId": VISITOR}


def outcome(read: Any, serializer: Any, data: dict[str, Any]) -> Any:
    try:
        return dict(read(serializer, data))
    except errors.InvalidPayload as error:
        return str(error), error.details


@pytest.mark.parametrize("serializer", SERIALIZERS)
@given(data=st.dictionaries(st.sampled_from([*NAMES, "unknown"]), VALUES), is_right=st.booleans())
def test_both_ways_read_the_same(serializer: Any, data: dict[str, Any], is_right: bool) -> None:
    data = data | RIGHT if is_right else data
    assert outcome(read_fields, serializer, data) == outcome(parsing.validate, serializer, data)
