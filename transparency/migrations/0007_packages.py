"""What a package declares about itself, with its delivery."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transparency", "0006_counts")]
    operations = [
        migrations.AddField(model_name="delivery", name="package", field=models.JSONField(null=True)),
    ]
