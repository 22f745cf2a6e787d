"""A group that becomes a supergroup gets another id; its channels follow."""

from leads.models import Channel
from tracker.models import BotChat


def move(account_id: str, old_chat_id: int, new_chat_id: int) -> int:
    """Gives the account's channels of a group its new id; how many there were."""
    channels = Channel.objects.filter(site__account=account_id)
    taken = list(channels.filter(telegram_channel_id=new_chat_id).values_list("site_id", flat=True))
    BotChat.objects.filter(bot__account=account_id, telegram_chat_id=old_chat_id).delete()
    moved = channels.filter(telegram_channel_id=old_chat_id).exclude(site_id__in=taken)
    return moved.update(telegram_channel_id=new_chat_id)
