from django.db import migrations, models

import adtarget.core.exact_json


class Migration(migrations.Migration):
    """Python reads and writes the numbers of the JSON otherwise; the column stays as it is."""

    dependencies = [
        ('dispatch', '0006_clean_stored_urls'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.AlterField(
                model_name='attempt',
                name='request',
                field=models.JSONField(decoder=adtarget.core.exact_json.Decoder, default=dict, encoder=adtarget.core.exact_json.ExactNumbers, help_text='This event as it was sent; hashes, never tokens.'),
            ),
        ]),
    ]
