"""The tracker's endpoints in the OpenAPI document: plain Django views, described as DRF's are."""

from typing import Any

from drf_spectacular.plumbing import build_mocked_view
from drf_spectacular.utils import extend_schema

from tracker import schema

_OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "/backend/track/init": ("post", schema.INIT),
    "/backend/track/update-fbp": ("post", schema.UPDATE),
    "/backend/track/invite": ("get", schema.INVITE),
}


def operations(registry: Any) -> dict[str, Any]:
    """Path → verb → operation."""
    return {path: {verb: _operation(path, verb, said, registry)} for path, (verb, said) in _OPERATIONS.items()}


def _operation(path: str, verb: str, said: dict[str, Any], registry: Any) -> dict[str, Any]:
    view = build_mocked_view(verb, path, extend_schema(**said), registry)
    operation: dict[str, Any] = view.schema.get_operation(path, path, "", verb, registry)
    return operation | {"security": []}
