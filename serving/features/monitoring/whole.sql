-- The counts have a row for each organization that was published; the rest have nobody.
select
    count(*) as total_organizations,
    coalesce(sum(counts.total_contacts), 0) as total_contacts,
    coalesce(sum(counts.total_active_patients), 0) as total_active_patients,
    bool_and(
        coalesce(publications.data_as_of > asked.as_of - interval '{stale_data_hours} hours', false)
    ) as is_fresh
from app.organizations as organizations
left join app.publications as publications
    on publications.organization_id = organizations.organization_id
left join {counts} as counts
    on counts.organization_id = organizations.organization_id
where organizations.is_active
