with recursive links as (
    select
        patients.organization_id,
        patients.patient_id,
        patients.merged_with_patient_id
    from {{ ref('stg_cliniko__patients') }} as patients
    inner join {{ ref('int_organizations_touched') }} as organizations
        on organizations.organization_id = patients.organization_id
    where patients.merged_with_patient_id is not null
),

walks as (
    select
        organization_id,
        patient_id,
        merged_with_patient_id as reached_id,
        array[patient_id] as path
    from links
    union all
    select
        walks.organization_id,
        walks.patient_id,
        links.merged_with_patient_id as reached_id,
        walks.path || walks.reached_id as path
    from walks
    inner join links
        on
            links.organization_id = walks.organization_id
            and links.patient_id = walks.reached_id
    where walks.reached_id <> all(walks.path)
),

ends as (
    select
        walks.*,
        walks.reached_id = any(walks.path) as is_loop
    from walks
    left join links
        on
            links.organization_id = walks.organization_id
            and links.patient_id = walks.reached_id
    where links.patient_id is null or walks.reached_id = any(walks.path)
),

resolved as (
    select
        organization_id,
        patient_id,
        is_loop,
        case
            when is_loop
                then (
                    -- digits of equal length order as integers do
                    select members.patient_id
                    from
                        unnest(ends.path[array_position(ends.path, ends.reached_id):])
                            as members (patient_id)
                    order by length(members.patient_id), members.patient_id
                    limit 1
                )
            else reached_id
        end as survivor_patient_id
    from ends
)

select * from resolved
