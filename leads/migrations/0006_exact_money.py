from django.db import migrations

from adtarget.core.money_field import MoneyField
from adtarget.core.money_migration import AlterToMoney


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0005_kept_query_parameters'),
    ]

    operations = [
        AlterToMoney(model_name='channel', name='value', field=MoneyField(blank=True, null=True)),
    ]
