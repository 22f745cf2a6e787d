"""A foreign key whose row may be gone: it then reads as None, and the database does not hold on to the row."""

from typing import Any, TypeVar

from django.db import models
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor

Set = TypeVar("Set")
Get = TypeVar("Get")


class _MayBeGone(ForwardManyToOneDescriptor):
    def __get__(self, instance: Any, cls: Any = None) -> Any:
        try:
            return super().__get__(instance, cls)
        except self.field.remote_field.model.DoesNotExist:
            self.field.set_cached_value(instance, None)
            return None


class LooseForeignKey(models.ForeignKey[Set, Get]):
    """A nullable foreign key without a constraint. Migrations see an ordinary one."""

    forward_related_accessor_class = _MayBeGone

    def __init__(self, to: Any, on_delete: Any, **options: Any) -> None:
        super().__init__(to, on_delete, **{**options, "db_constraint": False})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs
