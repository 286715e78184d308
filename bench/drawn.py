"""Clinics drawn by SQL straight into the raw log, as accepted loads: a full one takes seconds, not a sync."""

import uuid

import psycopg

from warehouse.settings import Settings

BASE = 1_204_417_733_920_000_000
FILL = {
    "businesses": "select '{base}', jsonb_build_object('time_zone_identifier', 'Australia/Sydney')",
    "practitioners": """
        select {base} + n, jsonb_build_object('display_name', 'Dr ' || n) from generate_series(1, 12) n""",
    "appointment_types": """
        select {base} + n, jsonb_build_object('name', 'Type ' || n) from generate_series(1, 8) n""",
    "patients": """
        select {base} + n, jsonb_build_object('first_name', 'Given' || n, 'last_name', 'Family' || n,
            'email', n || '@example.com', 'patient_phone_numbers', jsonb_build_array(jsonb_build_object(
                'number', '0491 570 006', 'phone_type', 'Mobile', 'phone_e164', '+61491570006')))
        from generate_series(1, {patients}) n""",
    "individual_appointments": """
        select {base} + n, jsonb_build_object(
            'patient_id', ({base} + 1 + n * 7919::bigint % {patients})::text,
            'starts_at', now() - (n::bigint * 104729 % 600 - 30) * interval '1 day'
                + n % 600 * interval '1 minute',
            'cancelled_at', case when n % 12 = 0
                then now() - (n::bigint * 104729 % 600) * interval '1 day' end,
            'did_not_arrive', n % 15 = 0, 'practitioner_id', ({base} + 1 + n % 12)::text,
            'appointment_type_id', ({base} + 1 + n % 8)::text)
        from generate_series(1, {appointments}) n""",
}
EVERYTHING = {
    "group_appointments": """
        select {base} + n, jsonb_build_object('starts_at', now() - (n % 600) * interval '1 day')
        from generate_series(1, 2500) n""",
    "attendees": """
        select {base} + n, jsonb_build_object('booking_id', ({base} + 1 + n % 2500)::text,
            'patient_id', ({base} + 1 + n::bigint * 31 % {patients})::text)
        from generate_series(1, 20000) n""",
    "invoices": """
        select {base} + n, jsonb_build_object(
            'patient_id', ({base} + 1 + n * 7 % {patients})::text,
            'total_amount', 85.5,
            'original_invoice_id', case when n % 40 = 0 then ({base} + n - 1)::text end)
        from generate_series(1, 90000) n""",
    "treatment_notes": """
        select {base} + n, jsonb_build_object('patient_id', ({base} + 1 + n % {patients})::text,
            'content', jsonb_build_object('text', repeat('note ', 60))) from generate_series(1, 60000) n""",
    "communications": """
        select {base} + n, jsonb_build_object('patient_id', ({base} + 1 + n * 13 % {patients})::text,
            'direction_code', 1 + n % 2, 'category_code', 8) from generate_series(1, 150000) n""",
}


def fill(settings: Settings, organization: str, patients: int, appointments: int, *, everything: bool) -> int:
    """Write the clinic as one accepted load; returns the number of raw rows."""
    rows = 0
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            "insert into app.organizations (organization_id, name) values (%s, 'x')", [organization]
        )
        accept(connection, organization, "1.0")
        for feed, query in (FILL | (EVERYTHING if everything else {})).items():
            drawn = query.format(base=BASE, patients=patients, appointments=appointments).replace("%", "%%")
            rows += connection.execute(
                f"insert into raw_cliniko.{feed} select (jsonb_populate_record(null::raw_cliniko.{feed},"
                " jsonb_build_object('organization_id', %s::text, 'id', drawn.id::text, 'seen_at', now(),"
                " 'created_at', now() - (90 + hashtext(drawn.id::text)::bit(9)::int) * interval '1 day',"
                " 'updated_at', now() - interval '1 day', '_dlt_load_id', '1.0',"
                f" '_dlt_id', '{feed}' || drawn.id) || drawn.kept)).* from ({drawn}) as drawn (id, kept)",
                [organization],
            ).rowcount
    return rows


def reach_out(settings: Settings, organization: str, patients: int, outreach: int) -> None:
    """So many rows over more than a year, patients by lot; a quarter is answered."""
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        connection.execute(
            """
            insert into app.outreach_log
                (organization_id, patient_id, method, outcome, occurred_at, logged_by)
            select %(organization)s, (%(base)s + 1 + n::bigint * 7919 %% %(patients)s)::text,
                (array['sms', 'email', 'phone'])[1 + n %% 3],
                (array['success', 'no_response', 'failed', 'no_response'])[1 + n %% 4],
                now() - n::bigint * 104729 %% 9600 * interval '1 hour', 'bench'
            from generate_series(1, %(outreach)s) n
            """,
            {"organization": organization, "base": BASE, "patients": patients, "outreach": outreach},
        )
        connection.execute("analyze app.outreach_log")


def accept(connection: psycopg.Connection, organization: str, load: str) -> None:
    run_id = uuid.uuid4()
    connection.execute(
        "insert into app.sync_runs (organization_id, id, status, requested_by, finished_at)"
        " values (%s, %s, 'succeeded', 'bench', now())",
        [organization, run_id],
    )
    connection.execute(
        "insert into app.sync_run_feeds (organization_id, sync_run_id, feed, status)"
        " values (%s, %s, 'invoices', 'succeeded')",
        [organization, run_id],
    )
    connection.execute(
        "insert into app.loads (organization_id, load_id, sync_run_id, fence) values (%s, %s, %s, 1)",
        [organization, load, run_id],
    )


def touch(settings: Settings, count: int, load: str) -> int:
    """Rename so many patients of whatever organization and book a visit for each; returns how many
    organizations that touched."""
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            "create temporary table touched on commit drop as"
            " select organization_id, id, created_at from raw_cliniko.patients where _dlt_load_id = '1.0'"
            " order by hashtext(organization_id || id || %s) limit %s",
            [load, count],
        )
        organizations = connection.execute("select distinct organization_id from touched").fetchall()
        for (organization,) in organizations:
            accept(connection, organization, load)
        connection.execute(
            "insert into raw_cliniko.patients (organization_id, id, seen_at, created_at, updated_at,"
            " first_name, _dlt_load_id, _dlt_id)"
            " select organization_id, id, now(), created_at, now(), 'Edited ' || %(load)s, %(load)s,"
            " 'edited' || %(load)s || id from touched",
            {"load": load},
        )
        connection.execute(
            "insert into raw_cliniko.individual_appointments (organization_id, id, seen_at, created_at,"
            " updated_at, patient_id, starts_at, did_not_arrive, _dlt_load_id, _dlt_id)"
            " select organization_id, id || %(load)s, now(), now(), now(), id, now() + interval '3 days',"
            " false, %(load)s, 'booked' || %(load)s || id from touched",
            {"load": load},
        )
    return len(organizations)
