"""Holes in the isolation of tenants. The API asks for them when it starts, and refuses to serve through one.

What role `routiq_api` can touch must be isolated: row-level security on and forced, exactly the tenant's
policies for it, views that run with the rights of whoever asks. A new table that the API may write, or read
in part, is to be listed here.
"""

from typing import Any

import psycopg

from warehouse.tenant_isolation.operators import find_operator_holes
from warehouse.tenant_isolation.roles import find_role_holes

API = "routiq_api"
SCHEMAS = {"app", "marts"}
# Beyond reading whole rows: what the API may write, and of which tables it may see only some columns.
MIRRORED = {"INSERT", "UPDATE", "DELETE"}
MAY_WRITE = {
    "app.sync_runs": {"INSERT"},
    "app.outreach_log": {"INSERT"},
    "app.idempotency_keys": {"INSERT"},
    "app.audit_log": {"INSERT"},
    "app.clerk_organizations": {"INSERT", "UPDATE"},
    "app.clerk_users": MIRRORED,
    "app.clerk_memberships": MIRRORED,
    "app.clerk_syncs": {"INSERT", "UPDATE"},
}
VISIBLE_COLUMNS = {
    "app.cliniko_credentials": {"organization_id", "stored_at"},
    "app.quarantine": {"organization_id", "feed", "effect", "field", "reason", "resolved_at"},
}
BEYOND_POLICIES = {"m": "materialized view", "f": "foreign table", "S": "sequence"}

RELATIONS = """
select
    namespace.nspname || '.' || relation.relname as name,
    namespace.nspname as schema,
    relation.relkind::text as kind,
    coalesce(relation.reloptions, '{}')
        && array['security_invoker=true', 'security_invoker=on'] as is_invoker,
    pg_get_userbyid(relation.relowner) = %(api)s as is_own,
    exists (
        select from pg_catalog.pg_rewrite where ev_class = relation.oid and rulename <> '_RETURN'
    ) as has_rules,
    array(
        select kind
        from unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as kind
        where has_table_privilege(%(api)s, relation.oid, kind)
            or (kind in ('INSERT', 'UPDATE') and has_any_column_privilege(%(api)s, relation.oid, kind))
    ) as writes,
    array(
        select attname::text from pg_catalog.pg_attribute
        where attrelid = relation.oid and attnum > 0 and not attisdropped
            and has_column_privilege(%(api)s, relation.oid, attnum, 'SELECT')
    ) as columns
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and case relation.relkind
        when 'S' then has_sequence_privilege(%(api)s, relation.oid, 'USAGE, SELECT, UPDATE')
        else
            has_table_privilege(%(api)s, relation.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
            or has_any_column_privilege(%(api)s, relation.oid, 'SELECT, INSERT, UPDATE')
    end
order by name
"""

# An older version of the schema cannot say it, and nobody serves on a guess.
IS_MIGRATED = "select to_regprocedure('app.tenant_isolation_holes()') is not null"
TABLES = "select relation || ' ' || hole from app.tenant_isolation_holes() order by 1"


def find_holes(connection: psycopg.Connection[Any]) -> list[str]:
    """Every hole, in words; empty when tenants are isolated. Any role may ask."""
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        relations = cursor.execute(RELATIONS, {"api": API}).fetchall()
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as plain:
        holes = [*find_role_holes(plain), *find_operator_holes(plain)]
        if plain.execute(IS_MIGRATED).fetchone() == (True,):
            holes += [str(row[0]) for row in plain.execute(TABLES).fetchall()]
        else:
            holes.append("the schema is of an older version, which cannot say what isolates its tables")
    for relation in relations:
        holes += [f"{relation['name']} {hole}" for hole in _holes_of(relation)]
    return holes


def _holes_of(relation: dict[str, Any]) -> list[str]:
    """What policies do not speak of."""
    holes = _holes_of_grants(relation)
    if relation["kind"] in BEYOND_POLICIES:
        holes.append(f"is a {BEYOND_POLICIES[relation['kind']]}: row-level security does not reach it")
    elif relation["kind"] == "v" and not relation["is_invoker"]:
        holes.append("is a view that runs with its owner's rights")
    return holes


def _holes_of_grants(relation: dict[str, Any]) -> list[str]:
    holes = []
    if relation["schema"] not in SCHEMAS:
        holes.append("is granted to the API, but is none of its schemas'")
    if relation["is_own"]:
        holes.append("belongs to the API's role")
    if relation["has_rules"]:
        holes.append("has a rule, which runs with its owner's rights")
    allowed = MAY_WRITE.get(relation["name"], set())
    if extra := sorted(set(relation["writes"]) - allowed):
        holes.append(f"lets the API {', '.join(extra)}")
    visible = VISIBLE_COLUMNS.get(relation["name"])
    if visible is not None and (extra := sorted(set(relation["columns"]) - visible)):
        holes.append(f"shows the API columns it must not see: {', '.join(extra)}")
    return holes
