"""Kept parameters of the landing page on the conversion's page and in its file."""

from tests.factories import ConversionFactory, VisitFactory


def test_the_conversion_shows_them(channel, viewer, home, site) -> None:
    visit = VisitFactory(site=site, parameters={"sub_9": "Click-77"})
    conversion = ConversionFactory(channel=channel, visit=visit)
    page = viewer.get(f"{home}conversions/{conversion.pk}/").text
    assert "param:sub_9" in page
    assert "Click-77" in page


def test_the_file_has_them(channel, viewer, home, site) -> None:
    ConversionFactory(channel=channel, visit=VisitFactory(site=site, parameters={"sub_9": "Click-77"}))
    assert '"{""sub_9"": ""Click-77""}"' in viewer.get(f"{home}conversions/", {"format": "csv"}).text
