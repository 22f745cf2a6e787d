"""The field `consent` of an event: read, kept, told where it cannot be read."""

import pytest

from conversions.models import Conversion
from tests.core.consent.test_strings import tc_string

pytestmark = pytest.mark.django_db


def test_what_a_backend_says_is_kept(accept, lead) -> None:
    accept({**lead, "consent": {"ads": True, "userData": False}})
    kept = Conversion.objects.get().consent
    assert (kept["ads"], kept["userData"]) == (True, False)


def test_a_consent_string_is_decoded(accept, lead) -> None:
    accept({**lead, "consent": {"tcf": tc_string(consents={1, 7})}})
    assert Conversion.objects.get().consent["userData"] is True


def test_a_string_that_cannot_be_decoded_is_told(accept, lead) -> None:
    (warning,) = accept({**lead, "consent": {"gpp": "?", "ads": True}})["warnings"]
    assert (warning["field"], warning["code"]) == ("consent.gpp", "invalid_consent")
    assert Conversion.objects.get().consent["ads"] is True


@pytest.mark.parametrize("consent", ["yes", [], {"ads": 1}, {"tcf": 5}, {"consentMode": {"ad_storage": "perhaps"}}])
def test_a_wrong_type_is_refused(refuse, lead, consent) -> None:
    assert refuse({**lead, "consent": consent})["details"][0]["field"] == "consent"


def test_a_later_event_inherits_what_was_said(accept, lead) -> None:
    accept({**lead, "consent": {"ads": True}})
    accept({**lead, "eventType": "Subscribe"})
    assert all(kept["ads"] for kept in Conversion.objects.values_list("consent", flat=True))


def test_a_later_answer_reaches_earlier_events(accept, lead) -> None:
    accept({**lead, "consent": {"ads": True}})
    accept({**lead, "eventType": "Subscribe", "consent": {"ads": False}})
    assert not any(kept["ads"] for kept in Conversion.objects.values_list("consent", flat=True))
