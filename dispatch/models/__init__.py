from dispatch.models.attempt import Attempt
from dispatch.models.pixel import Pixel
from dispatch.models.platform_health import PlatformHealth
from dispatch.models.receipt import Receipt
from dispatch.models.send import Send

__all__ = ["Attempt", "Pixel", "PlatformHealth", "Receipt", "Send"]
