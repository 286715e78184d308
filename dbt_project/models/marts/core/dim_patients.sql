{{ config(
    patient_column='survivor_patient_id',
    served_indexes=[
        '(organization_id, survivor_patient_id)',
        '(organization_id, patient_id) where is_merged',
    ],
) }}

with patients as (
    select
        patients.*,
        resolved.survivor_patient_id,
        resolved.is_forgotten,
        -- a record with a merge date but no link was merged into somebody unknown
        resolved.survivor_patient_id <> patients.patient_id
        or (patients.merged_at is not null and patients.merged_with_patient_id is null)
            as is_merged,
        sha256(convert_to(patients.organization_id || ':' || patients.patient_id, 'UTF8'))
            as contact_hash
    from {{ ref('stg_cliniko__patients') }} as patients
    inner join {{ ref('int_patients_resolved') }} as resolved
        on
            resolved.organization_id = patients.organization_id
            and resolved.patient_id = patients.patient_id
),

-- of whoever is forgotten the rows stay to be counted
remembered as (
    select
        patients.organization_id,
        patients.patient_id,
        patients.survivor_patient_id,
        patients.is_merged,
        patients.is_purged,
        {{ contact_uuid('patients.contact_hash') }} as contact_id,
        {{ contact_number('patients.contact_hash') }} as contact_number,
        case when not patients.is_forgotten then patients.first_name end as first_name,
        case when not patients.is_forgotten then patients.last_name end as last_name,
        case when not patients.is_forgotten then phones.phone end as phone,
        case when not patients.is_forgotten then phones.phone_note end as phone_note,
        not patients.is_forgotten
        and phone_lists.entries @? '$[*] ? (@.is_forbidden == true)' as has_forbidden_phone,
        case when not patients.is_forgotten then patients.email end as email,
        patients.created_at,
        least(patients.archived_at, patients.deleted_at) as archived_at,
        patients.updated_at
    from patients
    cross join
        lateral (
            select
                case jsonb_typeof(patients.patient_phone_numbers)
                    when 'array' then patients.patient_phone_numbers
                    else '[]'
                end as entries
        ) as phone_lists
    left join lateral (
        select
            numbers.entry ->> 'phone_e164' as phone,
            numbers.entry ->> 'phone_note' as phone_note
        from
            jsonb_array_elements(phone_lists.entries)
            with ordinality as numbers (entry, place)
        where
            numbers.entry ->> 'phone_e164' is not null
            and numbers.entry ->> 'is_forbidden' is distinct from 'true'
            and lower(coalesce(numbers.entry ->> 'phone_type', '')) <> 'fax'
        order by
            lower(coalesce(numbers.entry ->> 'phone_type', '')) <> 'mobile',
            numbers.place
        limit 1
    ) as phones on true
)

select
    organization_id,
    patient_id,
    survivor_patient_id,
    is_merged,
    is_purged,
    contact_id,
    contact_number,
    concat_ws(' ', first_name, last_name) as patient_name,
    first_name,
    last_name,
    phone,
    phone_note,
    has_forbidden_phone,
    email,
    created_at,
    archived_at,
    updated_at
from remembered
