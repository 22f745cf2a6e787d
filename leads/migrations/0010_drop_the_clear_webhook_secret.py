from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0009_encrypt_secrets_at_rest"),
    ]

    operations = [
        # The default is for the way back, where 0009 fills the column again.
        migrations.AlterField("bot", "webhook_secret", models.CharField(default="", editable=False, max_length=256)),
        migrations.RemoveField("bot", "webhook_secret"),
    ]
