from django.db import migrations

from adtarget.core.money_field import MoneyField
from adtarget.core.money_migration import AlterToMoney


class Migration(migrations.Migration):

    dependencies = [
        ('conversions', '0003_inherited_contacts'),
    ]

    operations = [
        AlterToMoney(model_name='conversion', name='value', field=MoneyField(blank=True, null=True)),
    ]
