"""The bots that a command names."""

from collections.abc import Sequence

from django.core.management.base import CommandError

from leads.models import Bot


def named_bots(usernames: Sequence[str]) -> list[Bot]:
    """The bots of these usernames, with or without @; all of them where none is named."""
    names = [username.removeprefix("@") for username in usernames]
    bots = list(Bot.objects.filter(username__in=names) if names else Bot.objects.all())
    unknown = set(names) - {bot.username for bot in bots}
    if unknown:
        raise CommandError(f"There is no bot named {', '.join(sorted(unknown))}.")
    if not bots:
        raise CommandError("There is no bot yet. Add one with provision or in the admin.")
    return bots
