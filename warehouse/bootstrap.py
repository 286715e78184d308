"""From an empty server to a migrated warehouse: database, roles, schema. Safe to run again.

settings -> (embedded server) -> database, roles -> alembic upgrade head
"""

from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import psycopg
from psycopg import sql

from warehouse.embedded import EmbeddedPostgres
from warehouse.settings import Settings

ROLES = ("owner", "loader", "api", "operator")
# What a stuck statement may cost, per role. The API reads unless a route says otherwise.
ROLE_SETTINGS = {
    "api": {
        "default_transaction_read_only": "on",
        "statement_timeout": "2s",
        "lock_timeout": "500ms",
        "idle_in_transaction_session_timeout": "5s",
        "search_path": "pg_catalog",
    },
    "operator": {
        "default_transaction_read_only": "on",
        "statement_timeout": "10s",
        "search_path": "pg_catalog",
    },
}


def embedded_server(settings: Settings) -> EmbeddedPostgres:
    return EmbeddedPostgres(
        home=settings.home,
        port=settings.postgres_port,
        password=settings.admin_password.get_secret_value(),
    )


def prepare_warehouse(settings: Settings) -> None:
    """Start the embedded server unless `DATABASE_URL` replaces it, make roles and schema.

    Raises:
        warehouse.embedded.EmbeddedPostgresError: the embedded server does not start.
        psycopg.Error: the server of `DATABASE_URL` is away, or its user may not create roles.
    """
    if settings.is_embedded:
        embedded_server(settings).start()
        ensure_database(settings)
    ensure_roles(settings)
    migrate(settings)


def is_made(settings: Settings) -> bool:
    """Whether roles and database were made, by any version."""
    maintenance: dict[str, Any] = {"dbname": "postgres"} if settings.is_embedded else {}
    with psycopg.connect(settings.url("admin"), connect_timeout=10, **maintenance) as connection:
        row = connection.execute(
            """
            select
                exists (select from pg_roles where rolname = 'routiq_loader')
                and (not %s or exists (select from pg_database where datname = %s))
            """,
            [settings.is_embedded, settings.database_name],
        ).fetchone()
    return bool(row and row[0])


def ensure_database(settings: Settings) -> None:
    with psycopg.connect(settings.url("admin"), dbname="postgres", autocommit=True) as connection:
        known = connection.execute(
            "select from pg_database where datname = %s", [settings.database_name]
        ).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(settings.database_name)))


def ensure_roles(settings: Settings) -> None:
    """Make the four login roles, set their passwords and limits, and let the owner make schemas."""
    with psycopg.connect(settings.url("admin")) as connection:
        for role in ROLES:
            name = sql.Identifier(f"routiq_{role}")
            if (
                connection.execute("select from pg_roles where rolname = %s", [f"routiq_{role}"]).fetchone()
                is None
            ):
                connection.execute(sql.SQL("create role {} login").format(name))
            connection.execute(
                sql.SQL(
                    "alter role {} with login nosuperuser nobypassrls nocreatedb nocreaterole password {}"
                ).format(name, sql.Literal(getattr(settings, f"{role}_password").get_secret_value()))
            )
            for setting, value in ROLE_SETTINGS.get(role, {}).items():
                connection.execute(
                    sql.SQL("alter role {} set {} = {}").format(
                        name, sql.Identifier(setting), sql.Literal(value)
                    )
                )
        grant_database(connection)


def grant_database(connection: psycopg.Connection) -> None:
    """Who may enter the database connected to: our roles alone, and only the owner makes anything in it."""
    row = connection.execute("select current_database()").fetchone()
    database = sql.Identifier(row[0] if row else "")
    for statement in (
        "revoke all on database {} from public",
        "grant create, connect, temporary on database {} to routiq_owner",
        "grant connect on database {} to routiq_loader, routiq_api, routiq_operator",
    ):
        connection.execute(sql.SQL(statement).format(database))


def alembic_config(settings: Settings) -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = settings.url("owner")
    config.attributes["master_key"] = settings.master_key_bytes  # called by the migration that seals anew
    return config


def migrate(settings: Settings) -> None:
    """Bring schema `app` and the raw tables to the newest version, as the owner."""
    alembic.command.upgrade(alembic_config(settings), "head")
