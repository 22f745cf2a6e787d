"""Forms of sites, channels, bots and API keys: one for each model, in the dashboard and in the admin."""

from leads.forms.api_key import KeyForm
from leads.forms.bot import BotForm
from leads.forms.channel import ChannelForm
from leads.forms.fields import PLAIN, BotTokenField
from leads.forms.site import SiteForm

__all__ = ["PLAIN", "BotForm", "BotTokenField", "ChannelForm", "KeyForm", "SiteForm"]
