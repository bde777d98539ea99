"""The product's addresses and the floor's."""

from __future__ import annotations

from django.urls import path

from bench.floor import floor
from config.urls import urlpatterns as product

urlpatterns = [path("bench/floor/", floor, name="bench-floor"), *product]
