"""The table in which limits are counted (settings.CACHES)."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("transparency", "0005_account_changes")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
