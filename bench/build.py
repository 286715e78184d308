"""How long a build takes and how fast its views answer, on a clinic drawn by SQL straight into the raw log.

    python -m bench.build --patients 62000 --appointments 110000 [--everything] [--others 100]

Prints one JSON document: seconds of the first, a quiet and a small build, and milliseconds of the API's
kind of questions, asked as role routiq_api under row-level security.
"""

import argparse
import json
import statistics
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg

from orchestration.build import build
from tests.conftest import free_port
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.settings import Settings, ensure_secrets

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
    "invoice_items": """
        select {base} + n, jsonb_build_object('invoice_id', ({base} + 1 + n % 90000)::text, 'quantity', 1)
        from generate_series(1, 90000) n""",
    "treatment_notes": """
        select {base} + n, jsonb_build_object('patient_id', ({base} + 1 + n % {patients})::text,
            'content', jsonb_build_object('text', repeat('note ', 60))) from generate_series(1, 60000) n""",
    "communications": """
        select {base} + n, jsonb_build_object('patient_id', ({base} + 1 + n * 13 % {patients})::text,
            'direction_code', 1 + n % 2, 'category_code', 8) from generate_series(1, 150000) n""",
}
QUESTIONS = {
    "risk_metrics": """
        select count(*) filter (where risk_level = 'critical'), count(*) filter (where risk_level = 'high'),
            count(*) filter (where risk_level = 'medium'), count(*) filter (where risk_level = 'low'),
            count(*) filter (where risk_level = 'engaged'), count(*) filter (where risk_level is null),
            sum(missed_appointments_14d) filter (where risk_level is not null),
            count(*) filter (where risk_level is not null and has_attended_last_30d
                and upcoming_appointment_count = 0),
            count(*) filter (where action_priority = 1)
        from marts.patient_reengagement_master_view""",
    "prioritised": """
        select * from marts.patient_reengagement_master_view where risk_level is not null
        order by action_priority, risk_score desc, lifetime_value desc nulls last,
            length(patient_id), patient_id
        limit 50""",
    "one_patient": "select * from marts.patient_reengagement_master_view where patient_id = '{one}'",
    "active_patients": "select * from marts.active_patients",
    "active_summary": """
        select count(*), count(*) filter (where upcoming_appointment_count > 0),
            avg(recent_appointment_count), avg(total_appointment_count) from marts.active_patients""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=62_000)
    parser.add_argument("--appointments", type=int, default=110_000)
    parser.add_argument("--everything", action="store_true", help="classes, invoices, notes, messages too")
    parser.add_argument("--others", type=int, default=0, help="more organizations of 200 patients each")
    parser.add_argument("--explain", help="print the plan of this question instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        settings = Settings(  # type: ignore[call-arg]
            home=Path(home), postgres_port=port, DATABASE_URL=None, _env_file=ensure_secrets(Path(home))
        )
        try:
            prepare_warehouse(settings)
            run(settings, options)
        finally:
            embedded_server(settings).remove()


def run(settings: Settings, options: argparse.Namespace) -> None:
    figures: dict[str, Any] = {"patients": options.patients, "appointments": options.appointments}
    for number in range(options.others):
        fill(settings, f"org_{number}", 200, 400, everything=False)
    if options.others:
        figures["others_seconds"] = build(settings).seconds
    figures["raw_rows"] = fill(
        settings, "org_big", options.patients, options.appointments, everything=options.everything
    )
    first = build(settings)
    figures |= {"first_seconds": first.seconds, "first_rows": first.rows_written}
    if options.explain:
        print(explain(settings, QUESTIONS[options.explain]))
        return
    quiet = build(settings)
    figures |= {"quiet_seconds": quiet.seconds, "quiet_rows": quiet.rows_written}
    touch(settings, options.patients // 1_000 or 1)
    small = build(settings)
    figures |= {"small_seconds": small.seconds, "small_rows": small.rows_written}
    figures["milliseconds"] = {name: ask(settings, query) for name, query in QUESTIONS.items()}
    print(json.dumps(figures, indent=1))


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


def touch(settings: Settings, count: int) -> None:
    """Edit some patients, as the next sync would bring them."""
    with psycopg.connect(settings.url("owner")) as connection:
        accept(connection, "org_big", "2.0")
        connection.execute(
            "insert into raw_cliniko.patients (organization_id, id, seen_at, created_at, updated_at,"
            " first_name, _dlt_load_id, _dlt_id)"
            " select organization_id, id, now(), created_at, now(), 'Edited', '2.0',"
            " 'edited' || id from raw_cliniko.patients where organization_id = 'org_big' limit %s",
            [count],
        )


def ask(settings: Settings, query: str, times: int = 15) -> float:
    """Median milliseconds of the statement, prepared, in one session of the API."""
    taken = []
    with psycopg.connect(settings.url("api")) as connection:
        connection.execute("set local app.organization_id = 'org_big'")
        connection.execute("set local statement_timeout = 0")
        for _ in range(times):
            began = time.perf_counter()
            connection.execute(query.format(one=BASE + 5), prepare=True).fetchall()
            taken.append(1_000 * (time.perf_counter() - began))
    return round(statistics.median(taken), 1)


def explain(settings: Settings, query: str) -> str:
    with psycopg.connect(settings.url("api")) as connection:
        connection.execute("set local app.organization_id = 'org_big'")
        connection.execute("set local statement_timeout = 0")
        rows = connection.execute(
            "explain (analyze, buffers off, verbose off) " + query.format(one=BASE + 5)
        ).fetchall()
    return "\n".join(row[0] for row in rows)


if __name__ == "__main__":
    main()
