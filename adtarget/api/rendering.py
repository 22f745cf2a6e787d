"""Writes answers as JSON in which amounts are exact numbers."""

from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from adtarget.core.exact_json import ExactNumbers


class _Encoder(ExactNumbers, JSONEncoder):
    """DRF's encoder, which alone would write a Decimal as a string."""


class ExactJSONRenderer(JSONRenderer):
    encoder_class = _Encoder
