from django.db import migrations

from sla import defaults


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]

    operations = [
        migrations.RunPython(lambda apps, schema_editor: defaults.load(apps), migrations.RunPython.noop),
    ]
