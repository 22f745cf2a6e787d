"""The judges of the ad platforms, made anew for each sandbox. A new platform is one line here."""

from collections.abc import Callable, Sequence

from adtarget.sandbox.judging import Judge
from adtarget.sandbox.platforms.chatgpt import ChatGPT
from adtarget.sandbox.platforms.google.judge import google_judges
from adtarget.sandbox.platforms.meta import Meta
from adtarget.sandbox.platforms.microsoft import Microsoft
from adtarget.sandbox.platforms.pinterest import Pinterest
from adtarget.sandbox.platforms.postback import Postback
from adtarget.sandbox.platforms.reddit import Reddit
from adtarget.sandbox.platforms.snapchat import Snapchat
from adtarget.sandbox.platforms.tiktok import TikTok
from adtarget.sandbox.platforms.yandex import Yandex

MAKERS: list[Callable[[], Sequence[Judge]]] = [
    lambda: [Meta()],
    lambda: [TikTok()],
    lambda: [Snapchat()],
    google_judges,
    lambda: [Reddit(), Microsoft(), Pinterest(), ChatGPT(), Yandex()],
    lambda: [Postback()],
]


def new_judges() -> list[Judge]:
    """The judges of every platform, with nothing remembered."""
    return [judge for make in MAKERS for judge in make()]
