from django.db import migrations


class Migration(migrations.Migration):
    """How many leads each owner has, not just the busiest hundred.

    Without it PostgreSQL takes a small team's leads for many, and reads a million newest first to find them.
    """

    dependencies = [("leads", "0002_defaults")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE leads_lead ALTER COLUMN owner_id SET STATISTICS 1000",
            "ALTER TABLE leads_lead ALTER COLUMN owner_id SET STATISTICS -1",
        )
    ]
