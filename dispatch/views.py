"""What an integrator may read of delivery."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from adtarget.api.views import ApiViewSet, key_of
from adtarget.core import errors
from dispatch import schema
from dispatch.models import Send
from dispatch.serializers import SendDetail


class SendViewSet(ApiViewSet):
    @extend_schema(**schema.GET_SEND, responses={200: SendDetail})
    def retrieve(self, request: Request, send_id: str) -> Response:
        sends = Send.objects.select_related("pixel").filter(key_of(request).scope("conversion__"))
        send = sends.filter(pk=send_id).first()
        if send is None:
            raise errors.NotFound("There is no such send.")
        return Response(SendDetail(send).data)
