"""Which list of the dashboard each kind of export is."""

from collections.abc import Callable, Mapping

from adtarget.dashboard.channels import export as channels
from adtarget.dashboard.conversions import export as conversions
from adtarget.exports.models import Kind
from adtarget.exports.reading import List
from leads.models import Account

LISTS: Mapping[str, Callable[[Account, Mapping[str, str]], List]] = {
    Kind.CONVERSIONS: conversions.wanted_list,
    Kind.JOINS: channels.wanted_list,
}
