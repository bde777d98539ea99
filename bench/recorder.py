"""Records a demo request for each lead whose number comes in: a process beside the stack, like a web form would be."""

from __future__ import annotations

import os
import sys

import django


def main() -> None:
    from config import embedded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    embedded.ensure()
    django.setup()
    # Makes Celery's application the current one: the nudge goes to the worker of this home.
    from django.utils import timezone

    import config.celery  # noqa: F401 - imported for that effect
    from bench.flows import KEY
    from leads.models import EventType, Lead
    from leads.services.events import record_event

    demo = EventType.objects.get(key="demo_requested")
    print("ready", flush=True)
    for line in sys.stdin:
        lead = Lead.objects.get(pk=int(line))
        now = timezone.now()
        record_event(lead=lead, event_type=demo, occurred_at=now, now=now, idempotency_key=f"{KEY}{lead.pk}")
        print(lead.pk, flush=True)


if __name__ == "__main__":
    main()
