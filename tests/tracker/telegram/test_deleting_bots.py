"""A bot goes while Telegram still speaks of it."""

import random
import threading
import time

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from leads.models import Bot
from tests.dashboard.conftest import sign_in_recently
from tests.factories import BotFactory, UserFactory
from tests.tracker.telegram import recorded
from tracker.telegram import intake


def test_an_update_of_a_bot_that_just_went_is_dropped(transactional_db, channel) -> None:
    bot = BotFactory(account=channel.site.account)
    stale = Bot.objects.get(pk=bot.pk)
    Bot.objects.filter(pk=bot.pk).delete()
    intake.receive(stale, recorded.join(number=1), now=timezone.now())


def test_bots_are_deleted_while_updates_come_in(transactional_db, channel) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    ops, problems, statuses = Client(REMOTE_ADDR="198.51.100.9"), [], []
    sign_in_recently(ops, UserFactory(username="ada", ops=True, is_superuser=True))
    for _ in range(8):
        bot = BotFactory(account=channel.site.account)
        is_over = threading.Event()

        def speak(bot: Bot = bot, is_over: threading.Event = is_over) -> None:
            try:
                time.sleep(random.uniform(0, 0.1))
                number = 0
                while not is_over.is_set():
                    number += 1
                    intake.receive(bot, recorded.join(number=number), now=timezone.now())
            except Exception as error:
                problems.append(error)
            finally:
                connection.close()

        speakers = [threading.Thread(target=speak) for _ in range(3)]
        for speaker in speakers:
            speaker.start()
        statuses.append(ops.post(f"/admin/leads/bot/{bot.pk}/delete/", {"post": "yes"}).status_code)
        is_over.set()
        for speaker in speakers:
            speaker.join()

    assert problems == []
    assert set(statuses) <= {302, 403}  # one that has updates by then is history
    assert Bot.objects.exclude(pk=channel.bot_id).count() == statuses.count(403)
