"""Runs the migrations as the owner, one transaction for all, over psycopg 3."""

import sqlalchemy
from alembic import context

url = sqlalchemy.make_url(context.config.attributes["url"]).set(drivername="postgresql+psycopg")
engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
with engine.begin() as connection:
    connection.execute(sqlalchemy.text("select pg_advisory_xact_lock(hashtext('routiq migrations'))"))
    connection.execute(sqlalchemy.text("create schema if not exists app"))
    context.configure(connection=connection, version_table="alembic_version", version_table_schema="app")
    with context.begin_transaction():
        context.run_migrations()
