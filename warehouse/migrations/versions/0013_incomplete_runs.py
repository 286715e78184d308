"""A run may come to less than everything, and says so: outcome `incomplete`, feeds that could not be read,
fields that were blanked.

`is_accepted` is the one text for "its load counts". A blanked field is kept where refused records are: which
record, which field, why, never its content.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RUNS = """
alter table app.sync_runs drop constraint sync_runs_status_check, drop constraint sync_runs_check;
alter table app.sync_runs
    add constraint sync_runs_status_check
        check (status in ('queued', 'running', 'succeeded', 'incomplete', 'failed')),
    add constraint sync_runs_check
        check ((status in ('succeeded', 'incomplete', 'failed')) = (finished_at is not null)),
    add column is_accepted boolean generated always as (status in ('succeeded', 'incomplete')) stored;
comment on column app.sync_runs.is_accepted is 'what it read counts: it succeeded, or it is incomplete';
drop index app.sync_runs_succeeded;
create index sync_runs_accepted on app.sync_runs (organization_id, finished_at) where is_accepted;
drop trigger announce_change on app.sync_runs;
create trigger announce_change after insert or update of status, finished_at on app.sync_runs
    for each row when (new.finished_at is not null) execute function app.announce_change();
"""

FEEDS = """
alter table app.sync_run_feeds drop constraint sync_run_feeds_status_check;
alter table app.sync_run_feeds
    add constraint sync_run_feeds_status_check
        check (status in ('running', 'succeeded', 'failed', 'forbidden', 'unavailable')),
    add column rows_blanked bigint not null default 0,
    add column error_code text,
    add column error_detail text,
    add column note text;
comment on column app.sync_run_feeds.status is
    'forbidden: the key''s user may not read it; unavailable: an optional feed that could not be read';
comment on column app.sync_run_feeds.rows_blanked is 'records of which at least one field was blanked';
comment on column app.sync_run_feeds.note is 'what was done otherwise than usual, such as a filter left out';
"""

QUARANTINE = """
alter table app.quarantine
    add column effect text not null default 'refused' check (effect in ('refused', 'blanked'));
comment on column app.quarantine.effect is
    'refused: the record did not land; blanked: it landed without this field';
drop index app.quarantine_open;
create index quarantine_open on app.quarantine (organization_id, feed, effect, record_id)
    where resolved_at is null;
grant select (effect, field, reason) on app.quarantine to routiq_api;
"""


def upgrade() -> None:
    op.execute(RUNS)
    op.execute(FEEDS)
    op.execute(QUARANTINE)
