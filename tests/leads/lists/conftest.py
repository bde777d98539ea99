from __future__ import annotations

import pytest
from django.test import Client

from people.models import User


@pytest.fixture
def editor(client: Client, marketer: User) -> Client:
    """A marketer at a browser."""
    client.force_login(marketer)
    return client
