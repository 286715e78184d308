with asked as materialized (
    select
        organizations.organization_id,
        organizations.time_zone,
        organizations.is_active,
        publications.data_as_of,
        app.as_of() as as_of,
        coalesce(current_setting('app.as_of', true), '') <> '' as is_frozen
    from app.organizations as organizations
    left join app.publications as publications
        on publications.organization_id = organizations.organization_id
    where organizations.organization_id = %(organization_id)s
)

select
    asked.is_active,
    to_char(asked.data_as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as data_as_of,
    to_char(asked.as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as as_of,
    asked.is_frozen,
    asked.data_as_of <= asked.as_of - interval '{stale_data_hours} hours' as is_stale,
    answer.body,
    answer.patient_ids,
    answer.next_key
from asked
left join lateral (
    select
        {body}::text as body,
        answered.patient_ids,
        {next_key} as next_key
    from (
        {row}
    ) as answered
) as answer on true
