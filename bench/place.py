"""Where the bench works: databases of its own, on the server that the product would use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django

Execute = Callable[..., list[tuple[object, ...]]]
NAME = "baton_bench"
SMALL_SUFFIX = "_small"


def enter(database: str) -> None:
    """Set Django up on the bench's database; the server runs until this process ends."""
    from config import embedded

    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    os.environ["BATON_BENCH_DATABASE"] = database
    embedded.ensure()
    django.setup()


def name() -> str:
    from django.db import connection

    return str(connection.settings_dict["NAME"])


def small_name() -> str:
    """The companion of ten thousand leads."""
    return name() + SMALL_SUFFIX


@contextmanager
def database(other: str) -> Iterator[None]:
    """Work in another database of the same server for a while."""
    here = name()
    switch(other)
    try:
        yield
    finally:
        switch(here)


def switch(to: str) -> None:
    """Leave this database, its pooled connections included: while one is open nobody can drop it."""
    from django.db import connection

    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    connection.settings_dict["NAME"] = to


def exists(wanted: str) -> bool:
    with maintenance() as execute:
        return bool(execute("SELECT 1 FROM pg_database WHERE datname = %s", [wanted]))


def drop(unwanted: str) -> None:
    """Drop a database and whatever connection it has; no error when there is none."""
    with maintenance() as execute:
        execute(f"DROP DATABASE IF EXISTS {quoted(unwanted)} WITH (FORCE)")


def recreate(wanted: str, like: str = "template1") -> None:
    """A new database of this name: empty, or a copy of another that nobody uses."""
    drop(wanted)
    with maintenance() as execute:
        execute(f"CREATE DATABASE {quoted(wanted)} TEMPLATE {quoted(like)}")


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def maintenance() -> Iterator[Execute]:
    """A connection to the server outside of every transaction and pool."""
    import psycopg
    from django.db import connection

    parameters = {**connection.get_connection_params(), "dbname": "postgres", "autocommit": True}
    parameters.pop("pool", None)
    with psycopg.connect(**parameters) as fresh:

        def execute(sql: str, values: list[object] | None = None) -> list[tuple[object, ...]]:
            cursor = fresh.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

        yield execute
