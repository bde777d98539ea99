"""The table of addresses, a module per area; tests/test_permissions.py reads it."""

from tests.permissions import api, capture, finding, imports, lead_page, lists, merging, privacy

AREAS = (api, capture, finding, imports, lead_page, lists, merging, privacy)
