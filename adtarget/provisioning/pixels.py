"""The pixels of a site in a document."""

from datetime import datetime
from functools import partial

from adtarget.core.json_document import Field, Node, changes, one_of, text
from adtarget.provisioning.rows import Tally, apply, note_unknown
from dispatch import pausing, pixel_options
from dispatch.models import Pixel
from dispatch.platforms.options import text_or_number
from dispatch.platforms.registry import PLATFORMS
from leads.models import Site


def provision_pixel(node: Node, *, site: Site, now: datetime, tally: Tally) -> dict[str, str]:
    note_unknown(node, "platform", "pixelId", "accessToken", "testEventCode", "options")
    platform = PLATFORMS[one_of(PLATFORMS)(node.child("platform").required())]
    pixel_id = text_or_number(node.child("pixelId").required())
    if problem := pixel_options.pixel_id_problem(platform, pixel_id):
        raise node.child("pixelId").wrong(f"must hold {problem[0].lower()}{problem[1:]}")
    pixel = Pixel.objects.filter(site=site, platform=platform.slug, pixel_id=pixel_id).first()
    credential = pixel_options.credential_node(node, platform)
    credential = credential if pixel or not platform.needs_credential else credential.required()
    pixel = pixel or Pixel(site=site, platform=platform.slug, pixel_id=pixel_id)
    options = partial(pixel_options.read_options, platform=platform)
    if not node.has("options") and (wrong := platform.options_problem(pixel.options)):
        raise node.child("options").wrong(wrong[1])
    wanted = changes(
        node,
        [Field("testEventCode", "test_event_code", text(64), null=""), Field("options", "options", options)],
    )
    is_new_credential = credential.value is not None and text(16_384)(credential) != pixel.credential()
    if is_new_credential:
        pixel.set_credential(text(16_384)(credential))
    pixel = apply(pixel, wanted, tally, is_touched=is_new_credential)
    if is_new_credential and pixel.paused_at:
        pausing.resume(pixel, now=now)
        tally.resumed.append(str(pixel))
    if (region := wanted.get("options", {}).get("defaultPhoneRegion")) and not site.default_phone_region:
        apply(site, {"default_phone_region": region}, tally)
    if missing := pixel_options.missing_parameters(site, platform, pixel.options):
        apply(site, {"kept_query_parameters": [*site.kept_query_parameters, *missing]}, tally)
    return {"platform": pixel.platform, "pixelId": pixel.pixel_id, "id": pixel.pk}
