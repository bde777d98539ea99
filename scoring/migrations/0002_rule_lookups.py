from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="leadscore",
            index=models.Index(
                condition=models.Q(("excluded_by__isnull", False)), fields=["excluded_by"], name="lead_score_excluded"
            ),
        ),
        migrations.AddIndex(
            model_name="leadscore",
            index=models.Index(
                condition=models.Q(("decided_by__isnull", False)), fields=["decided_by"], name="lead_score_decided"
            ),
        ),
    ]
