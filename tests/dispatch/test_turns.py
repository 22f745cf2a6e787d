"""Accounts with a backlog take turns, and the pixels of one account among themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dispatch import turns
from dispatch.models import Pixel, PlatformHealth
from tests.dispatch.test_delivery import due
from tests.factories import PixelFactory, SiteFactory

pytestmark = pytest.mark.django_db


def turn(platform="meta", *, without=(), seconds=0) -> str:
    return turns.take_turn(platform, without=without, now=timezone.now() + timedelta(seconds=seconds))


def with_backlog(site=None, **values) -> Pixel:
    pixel = PixelFactory(**({"site": site} if site else {}), **values)
    due(pixel, 2)
    return pixel


def test_accounts_take_turns_whatever_their_pixels() -> None:
    """Nine turns: an account with three pixels gets no more of them than one with a single pixel."""
    large = with_backlog()
    its = {large.pk, *(with_backlog(SiteFactory(account=large.site.account)).pk for _ in range(2))}
    small = with_backlog().pk
    taken = [turn(seconds=second) for second in range(1, 9)]
    assert taken.count(small) == 4
    assert {pixel for pixel in taken if pixel != small} == its


def test_only_a_due_pixel_gets_a_turn() -> None:
    PixelFactory()
    pixel = with_backlog()
    assert turn() == pixel.pk
    assert turn(seconds=-3600) == ""


def test_a_pixel_with_all_its_threads_is_left_out() -> None:
    first, second = with_backlog().pk, with_backlog().pk
    assert turn(without=[first]) == second
    assert turn(without=[first, second]) == ""


@pytest.mark.parametrize("values", [{"is_active": False}, {"paused_at": timezone.now()}, {"breaker_until": "later"}])
def test_a_pixel_that_may_not_send_gets_no_turn(values) -> None:
    pixel = with_backlog()
    values = {name: timezone.now() + timedelta(hours=1) if one == "later" else one for name, one in values.items()}
    Pixel.objects.filter(pk=pixel.pk).update(**values)
    assert turn() == ""


def test_a_platform_that_is_left_alone_gets_no_turn() -> None:
    with_backlog()
    assert turn("tiktok") == ""
    PlatformHealth.objects.update_or_create(
        platform="meta", defaults={"breaker_until": timezone.now() + timedelta(hours=1)}
    )
    assert turn() == ""
