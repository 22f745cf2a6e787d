"""Postback addresses of known networks and trackers, with their sources in docs/postbacks.md (read in 2026-11).

What stands in [brackets] is filled in once at the set-up, what stands in {braces} for each event.
"""

from typing import NamedTuple


class Need(NamedTuple):
    """A value of the network's account that its address needs; a secret one is kept encrypted."""

    name: str
    label: str
    where: str
    is_secret: bool = False


class Preset(NamedTuple):
    """`landing` is what the ad's address must carry; the click id is looked for in `click_parameters`, in order.

    `is_experimental`: known from other people's code only, and seen to work by nobody here.
    """

    name: str
    template: str
    landing: str
    click_parameters: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    is_experimental: bool = False

    @property
    def secret(self) -> str:
        """The name of its secret value; '' where it has none."""
        return next((need.name for need in self.needs if need.is_secret), "")


TRACKER = Need("tracker", "Tracker's domain", "Such as track.example.com.")
PRESETS = {
    "keitaro": Preset(
        "Keitaro",
        "https://[tracker]/[key]/postback?subid={click_id}&status={status}&payout={value}&currency={currency}"
        "&tid={order_id}",
        "subid={subid}",
        ("subid",),
        (TRACKER, Need("key", "Postback key", "In Keitaro's postback address, between domain and /postback.", True)),
    ),
    "binom": Preset(
        "Binom",
        "https://[tracker]/click?cnv_id={click_id}&payout={value}&cnv_status={status}",
        "clickid={clickid}",
        ("clickid",),
        (TRACKER,),
    ),
    "propellerads": Preset(
        "PropellerAds",
        "https://ad.propellerads.com/conversion.php?aid=[aid]&pid=[pid]&tid=[tid]&visitor_id={click_id}&payout={value}",
        "visitor_id=${SUBID}",
        ("visitor_id",),
        tuple(Need(name, name, f"In your postback address, after {name}=.") for name in ("aid", "pid", "tid")),
        is_experimental=True,
    ),
    "richads": Preset(
        "RichAds",
        "https://us.ahows.co/log?action=conversion&key={click_id}&price={value}",
        "key=[CLICK_ID]",
        ("key", "click_id", "clickid"),
    ),
    "adsgram": Preset(
        "AdsGram",
        "https://api.adsgram.ai/confirm_conversion?token=[token]&record={click_id}&goaltype={event}",
        "record={record_data}",
        ("record", "click_id", "clickid"),
        (Need("token", "Token", "In AdsGram's postback address, after token=.", True),),
    ),
    "taboola": Preset(
        "Taboola",
        "https://trc.taboola.com/actions-handler/log/3/s2s-action?click-id={click_id}&name={event}&revenue={value}"
        "&currency={currency}&orderid={order_id}",
        "tblci={click_id}",
        ("tblci",),
    ),
    "outbrain": Preset(
        "Outbrain",
        "https://tr.outbrain.com/unifiedPixel?ob_click_id={click_id}&name={event}&orderId={order_id}"
        "&orderValue={value}&currency={currency}",
        "obclid={{ob_click_id}}",
        ("obclid", "ob_click_id"),
        is_experimental=True,
    ),
    "bigo": Preset(
        "Bigo Ads",
        "https://api.bytegle.site/bigoad/trackingevent?bbg={click_id}&pixel_id=[pixel_id]&event_id={event}",
        "",  # Bigo adds bbg by itself
        ("bbg",),
        (Need("pixel_id", "Pixel id", "Of your pixel in Bigo Ads."),),
    ),
    "vk": Preset(
        "VK Ads",
        "https://top-fwz1.mail.ru/tracker?id=[id];e=RG%3A{value}/{event};rb_clickid={click_id}",
        "rb_clickid={{clickid}}",
        ("rb_clickid",),
        (Need("id", "Pixel id", "Of your pixel in VK Ads."),),
    ),
}
#: Too general to be kept on every site: a site keeps them once it has a postback that reads them.
TOO_GENERAL = ("key", "record")


def known_parameters() -> dict[str, str]:
    """The click parameters that every site keeps, with the network that each is of."""
    named = [(name, preset.name) for preset in PRESETS.values() for name in preset.click_parameters]
    return {name: network for name, network in named if name not in TOO_GENERAL} | {
        "clickid": "Binom",
        "click_id": "Tracker",
    }
