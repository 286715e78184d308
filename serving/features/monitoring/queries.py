"""The statements behind system health: of an organization for its own eyes, of all for an operator's."""

from typing import LiteralString

from serving.data.framing import framed

# An organization that is switched off has no access, so its own health is that of one enabled organization.
OWN_OVERALL: LiteralString = """
    overall as (
        select
            1 as organizations,
            (%(counts)s::json #>> '{contact_metrics,total_contacts}')::bigint as contacts,
            (%(counts)s::json #>> '{active_patient_metrics,total_active}')::bigint as active_patients,
            asked.data_as_of > asked.as_of - interval '24 hours' as is_fresh
    )
"""
# `operations.organization_counts` has a row for each organization that was published; the rest have nobody.
WHOLE_OVERALL: LiteralString = """
    overall as (
        select
            count(*) as organizations,
            coalesce(sum(counts.total_contacts), 0) as contacts,
            coalesce(sum(counts.total_active_patients), 0) as active_patients,
            bool_and(
                coalesce(publications.data_as_of > asked.as_of - interval '24 hours', false)
            ) as is_fresh
        from app.organizations
        left join app.publications using (organization_id)
        left join {counts} as counts using (organization_id)
        where organizations.is_active
    )
"""
COUNTS: LiteralString = "operations.organization_counts"
NO_COUNTS: LiteralString = """(
    select null as organization_id, 0 as total_contacts, 0 as total_active_patients where false
)"""


def health(overall: LiteralString, scope: LiteralString) -> LiteralString:
    """`overall` is CTEs that end in one row `overall`; `scope` says whose runs count.

    What is incomplete stays so until a later run reads everything, however long ago the incomplete one was.
    """
    return framed(f"""
    with {overall},

    runs as (
        select
            count(*) as finished,
            count(*) filter (where status = 'succeeded') as succeeded,
            count(*) filter (where status = 'incomplete') as incomplete,
            count(*) filter (where status = 'failed') as failed
        from app.sync_runs
        where
            {scope}
            and finished_at > asked.as_of - interval '24 hours' and finished_at <= asked.as_of
    ),

    standing as (
        select coalesce(bool_or(latest.status = 'incomplete'), false) as is_incomplete
        from app.organizations
        cross join lateral (
            select sync_runs.status
            from app.sync_runs
            where
                sync_runs.organization_id = organizations.organization_id
                and sync_runs.is_accepted and sync_runs.finished_at <= asked.as_of
            order by sync_runs.finished_at desc
            limit 1
        ) as latest
        where {scope} and is_active
    ),

    judged as (
        select
            case
                when runs.succeeded + runs.incomplete = 0 then 'unhealthy'
                when runs.failed > 0 or standing.is_incomplete or overall.is_fresh is not true
                    then 'degraded'
                else 'healthy'
            end as status
        from overall cross join runs cross join standing
    )

    select
        json_build_object(
            'overall_metrics', json_build_object(
                'total_organizations', overall.organizations,
                'total_contacts', overall.contacts,
                'total_active_patients', overall.active_patients
            ),
            'sync_activity_24h', json_build_object(
                'total_syncs', runs.finished,
                'successful_syncs', runs.succeeded,
                'incomplete_syncs', runs.incomplete,
                'failed_syncs', runs.failed,
                'success_rate', round(100.0 * runs.succeeded / nullif(runs.finished, 0), 1)
            ),
            'health_status', json_build_object(
                'status', judged.status,
                'all_systems_operational', judged.status = 'healthy'
            )
        )::text as body,
        '{{}}'::text[] as patient_ids
    from overall cross join runs cross join judged
""")


OWN = health(OWN_OVERALL, "organization_id = %(organization_id)s")
WHOLE = health(WHOLE_OVERALL.format(counts=COUNTS), "true")
WHOLE_BEFORE_ANY_BUILD = health(WHOLE_OVERALL.format(counts=NO_COUNTS), "true")
