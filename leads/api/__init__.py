"""The API for other programs, under ``/api/v1/`` (docs/api.md)."""
