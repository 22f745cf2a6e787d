from conversions.models.conversion import Conversion
from conversions.models.idempotency_record import IdempotencyRecord

__all__ = ["Conversion", "IdempotencyRecord"]
