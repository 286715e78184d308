"""Amounts keep every decimal, patients are read again by the new rules for phones, invoice items go.

`numeric(20, 4)` rounded what Cliniko sends with more decimals. Readers see amounts through views, which
keep the type of a column they read: so the views are taken down, and put up again as the last build made
them. Views of others are never dropped: then the migration fails and names them.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

RAW = """
alter table raw_cliniko.invoices
    alter column net_amount type numeric,
    alter column tax_amount type numeric,
    alter column total_amount type numeric;
drop table raw_cliniko.invoice_items;
drop table if exists staging.stg_cliniko__invoice_items;
delete from app.sync_cursors where feed in ('patients', 'invoice_items');
delete from app.quarantine where feed = 'invoice_items';
"""

# Nothing to do before the first build.
SERVED = """
do $served$
declare
    view record;
begin
    if to_regclass('marts.fct_invoices') is null or to_regclass('checks.views') is null then
        return;
    end if;
    create temporary table served_views on commit drop as
    select view_name, make, obj_description(to_regclass(view_name), 'pg_class') as mark, recorded_at
    from checks.views
    where to_regclass(view_name) is not null;
    execute coalesce((
        select 'drop view ' || string_agg(pg_class.oid::regclass::text, ', ')
        from pg_class
        join pg_namespace on pg_namespace.oid = pg_class.relnamespace
        where relkind = 'v' and (
            nspname = 'candidates'
            or (nspname in ('marts', 'operations')
                and pg_class.oid in (select to_regclass(view_name) from served_views))
        )
    ), 'select');
    alter table marts.fct_invoices
        alter column total_amount type numeric, alter column signed_amount type numeric;
    alter table marts.fct_patient_states alter column lifetime_value type numeric;
    alter table marts.dim_patients
        add column if not exists phone_note text,
        add column if not exists has_forbidden_phone boolean not null default false;
    for view in select * from served_views order by recorded_at loop
        execute view.make;
        execute format('comment on view %s is %L', view.view_name, view.mark);
    end loop;
end $served$;
"""


def upgrade() -> None:
    op.execute(RAW)
    op.execute(SERVED)
