from django.db import migrations, models

import adtarget.core.exact_json


class Migration(migrations.Migration):
    """Python reads and writes the numbers of the JSON otherwise; the column stays as it is."""

    dependencies = [
        ('webhooks', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.AlterField(
                model_name='webhookmessage',
                name='data',
                field=models.JSONField(decoder=adtarget.core.exact_json.Decoder, encoder=adtarget.core.exact_json.ExactNumbers),
            ),
        ]),
    ]
