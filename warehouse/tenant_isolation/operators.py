"""What the operator may see: it asks across organizations, so it may see counts and no patient.

Policies cannot help here. What it may read is a list of columns, and everything else it can touch is a hole.
"""

from typing import Any

import psycopg

OPERATOR = "routiq_operator"
VISIBLE: dict[str, set[str]] = {
    "app.organizations": {
        *("organization_id", "name", "country", "time_zone", "is_active", "sync_enabled", "created_at"),
        *("treatment_note_roles", "country_is_given"),
    },
    "app.sync_runs": {
        *("organization_id", "id", "kind", "status", "requested_by", "requested_at", "started_at"),
        *("finished_at", "lease_expires_at", "fence", "dagster_run_id", "load_id", "error_code"),
        *("error_detail", "is_accepted"),
    },
    "app.sync_run_feeds": {
        *("organization_id", "sync_run_id", "feed", "status", "pages_total", "pages_done", "requests"),
        *("rate_limit_waits", "rows_read", "rows_new", "rows_changed", "rows_removed", "rows_quarantined"),
        *("rows_blanked", "error_code", "error_detail", "note", "started_at", "finished_at"),
    },
    "app.cliniko_credentials": {"organization_id", "is_loopback"},
    "app.publications": {"organization_id", "data_version", "data_as_of", "published_at"},
    "app.clerk_organizations": {"organization_id", "created_at"},
    "app.clerk_users": {"organization_id", "user_id", "is_banned", "created_at", "last_sign_in_at"},
    "app.clerk_memberships": {"organization_id", "user_id", "role"},
    "app.clerk_syncs": {"organization_id", "status", "started_at", "lease_expires_at", "finished_at"},
    "operations.organization_counts": {"organization_id", "total_contacts", "total_active_patients"},
}

COLUMNS = """
select
    namespace.nspname || '.' || relation.relname as name,
    relation.relkind = 'S' as is_sequence,
    array(
        select attname::text from pg_catalog.pg_attribute
        where attrelid = relation.oid and attnum > 0 and not attisdropped
            and has_column_privilege(%(operator)s, relation.oid, attnum, 'SELECT')
        order by attnum
    ) as columns,
    relation.relkind <> 'S' and (
        has_table_privilege(
            %(operator)s, relation.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'
        )
        or has_any_column_privilege(%(operator)s, relation.oid, 'INSERT, UPDATE, REFERENCES')
    ) as may_write
from pg_catalog.pg_class as relation
inner join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and case relation.relkind
        when 'S' then has_sequence_privilege(%(operator)s, relation.oid, 'USAGE, SELECT, UPDATE')
        else
            has_table_privilege(
                %(operator)s, relation.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'
            )
            or has_any_column_privilege(%(operator)s, relation.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
    end
order by 1
"""


def find_operator_holes(cursor: psycopg.Cursor[Any]) -> list[str]:
    holes = []
    for name, is_sequence, columns, may_write in cursor.execute(COLUMNS, {"operator": OPERATOR}).fetchall():
        if is_sequence or (extra := sorted(set(columns) - VISIBLE.get(name, set()))):
            shown = "its counter" if is_sequence else ", ".join(extra)
            holes.append(f"{name} shows the operator what it must not see: {shown}")
        if may_write:
            holes.append(f"{name} lets the operator write")
    return holes
