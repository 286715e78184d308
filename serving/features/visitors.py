"""The two lists of visitors, page by page or whole: the latest first, each with their recent visits."""

from typing import LiteralString

from serving.data.framing import framed


def visitors(
    view: LiteralString,
    patient_id: LiteralString,
    name: LiteralString,
    fields: LiteralString,
    *,
    whole: bool = False,
) -> LiteralString:
    """The rows of the mart `view`, whose column `patient_id` is Cliniko's id, as the answer's list `name`.

    `fields` are names and values of one patient's object; they may refer to `visits`, whose `by_patient` has
    the recent visits of those on the page. The `whole` list is a statement of its own: so the planner sees
    whom to look up.
    """
    # Ascending throughout. Ids are digits: the longer one is the greater.
    position: LiteralString = f"""
        coalesce(-extract(epoch from last_appointment_date), 'Infinity'::numeric),
        length({patient_id}), {patient_id} collate "C"
    """
    of_page: LiteralString = "is not null" if whole else f"= any(array(select {patient_id} from page))"
    return framed(f"""
    with visitors as materialized (
        -- Only what orders: the visits of each patient are collected for the page alone.
        select {patient_id}, last_appointment_date
        from {view}
        where organization_id = %(organization_id)s
    ),

    following as (
        select ordered.*, row_number() over () as place
        from (
            select *
            from visitors
            where
                %(after)s::text[] is null
                or ({position}) > (
                    (%(after)s::text[])[1]::numeric,
                    length((%(after)s::text[])[2]), (%(after)s::text[])[2] collate "C"
                )
            order by {position}
            limit %(limit)s::bigint + 1
        ) as ordered
    ),

    page as materialized (
        select * from following where %(limit)s::bigint is null or place <= %(limit)s::bigint
    ),

    -- looked up and not joined: to the planner they are a handful, and a join would collect them for each row
    visits as materialized (
        select jsonb_object_agg(patient_id, recent_appointments) as by_patient
        from marts.patient_recent_appointments
        where organization_id = %(organization_id)s and patient_id {of_page}
    )

    select
        json_build_object(
            'organization_id', asked.organization_id,
            '{name}', coalesce(
                (
                    select json_agg(json_build_object({fields}) order by place)
                    from {view} as listed
                    inner join (select {patient_id}, place from page) as places using ({patient_id})
                    where listed.organization_id = %(organization_id)s and listed.{patient_id} {of_page}
                ),
                '[]'::json
            ),
            'total_count', (select count(*) from visitors)
        )::text as body,
        array(select {patient_id} from page order by place) as patient_ids,
        (
            select
                array[
                    coalesce(-extract(epoch from last_appointment_date), 'Infinity'::numeric)::text,
                    {patient_id}
                ]
            from page
            where place = %(limit)s::bigint and exists (select from following where place > %(limit)s::bigint)
        ) as next_key
""")
