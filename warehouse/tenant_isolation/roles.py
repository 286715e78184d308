"""What the roles that answer questions may beyond reading relations: attributes, functions, settings."""

from typing import Any

import psycopg

READERS = ("routiq_api", "routiq_operator")

HOLES = """
with readers as (
    select rolname as name, * from pg_catalog.pg_roles where rolname = any(%(readers)s)
),

namespaces as (
    select * from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
)

select 'role ' || name || ' is a superuser or bypasses row-level security'
from readers where rolsuper or rolbypassrls
union all
select 'role ' || name || ' may make roles or databases, or read the log of changes'
from readers where rolcreaterole or rolcreatedb or rolreplication
union all
select 'role ' || name || ' is a member of ' || pg_get_userbyid(roleid)
from pg_catalog.pg_auth_members inner join readers on readers.oid = member
union all
select 'role ' || name || ' owns schema ' || nspname
from namespaces inner join readers on readers.oid = nspowner
union all
select 'role ' || name || ' may create in schema ' || nspname
from namespaces inner join readers on has_schema_privilege(readers.oid, namespaces.oid, 'CREATE')
union all
select 'role ' || name || ' may create in the database'
from readers where has_database_privilege(oid, current_database(), 'CREATE, TEMPORARY')
union all
select nspname || '.' || proname || '() runs with its owner''s rights and ' || name || ' may call it'
from pg_catalog.pg_proc
inner join namespaces on namespaces.oid = pronamespace
inner join readers on has_schema_privilege(readers.oid, namespaces.oid, 'USAGE')
    and has_function_privilege(readers.oid, pg_proc.oid, 'EXECUTE')
where prosecdef
union all
select nspname || '.' || proname || '() is marked leakproof: it may see rows before the policy does'
from pg_catalog.pg_proc inner join namespaces on namespaces.oid = pronamespace
where proleakproof
union all
select proname || '() of the system is granted to ' || name
from pg_catalog.pg_proc
cross join lateral aclexplode(proacl) as granted
inner join readers on readers.oid = granted.grantee
where pronamespace = 'pg_catalog'::regnamespace
union all
select 'what ' || pg_get_userbyid(defaclrole) || ' makes from now on is granted to '
    || coalesce(readers.name, 'everybody') || ' by default'
from pg_catalog.pg_default_acl
cross join lateral aclexplode(defaclacl) as granted
left join readers on readers.oid = granted.grantee
where (granted.grantee = 0 or readers.oid is not null) and defaclobjtype in ('r', 'S', 'n')
union all
select 'a setting gives ' || coalesce(readers.name, 'every session') || ' an organization'
from pg_catalog.pg_db_role_setting
cross join lateral unnest(setconfig) as setting
left join readers on readers.oid = setrole
where (setrole = 0 or readers.oid is not null) and setting ~ '^app[.]organization_id='
    and (setdatabase = 0 or setdatabase = (
        select oid from pg_catalog.pg_database where datname = current_database()
    ))
"""


def find_role_holes(cursor: psycopg.Cursor[Any]) -> list[str]:
    return [str(row[0]) for row in cursor.execute(HOLES, {"readers": list(READERS)}).fetchall()]
