from django.db import migrations

from leads import defaults


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        migrations.RunPython(lambda apps, schema_editor: defaults.load(apps), migrations.RunPython.noop),
    ]
