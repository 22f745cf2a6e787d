from tests.api.conftest import accept, lead, purchase, refuse

__all__ = ["accept", "lead", "purchase", "refuse"]
