"""Somebody is told once when a clinic's state changes, over real HTTP, and never of a patient."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from orchestration.alerts.alerting import deliver, note_standings, undelivered
from orchestration.alerts.standing import find_standings
from sandbox.messages import Sink, run_sink
from tests.orchestration.runs import add_clinic, ended, execute, quarantine, running
from warehouse.settings import Settings

PAGES = "https://dagster.example.com"
SECRET = "Jane Example 4711"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with run_sink() as sink:
        yield sink


@pytest.fixture
def clinic(warehouse: Settings) -> Settings:
    add_clinic(warehouse, "org_a")
    return warehouse


def look(settings: Settings, *sinks: Sink) -> list[str]:
    """As the sensor does each half minute, with a connection of its own; returns what went wrong."""
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        note_standings(connection, find_standings(connection, timedelta(hours=3)))
        return deliver(connection, [sink.address for sink in sinks], PAGES)[1]


def titles(sink: Sink) -> list[str]:
    return [message["title"] for message in sink.take()]


def hours_pass(settings: Settings, hours: int) -> None:
    execute(
        settings,
        "update app.organization_alerts set watched_since = watched_since - make_interval(hours => %s)",
        hours,
    )


def test_a_failure_is_told_once_with_why_what_to_do_and_where(clinic: Settings, sink: Sink) -> None:
    ended(
        clinic,
        "org_a",
        "failed",
        {"patients": "failed"},
        error_code="shape_changed",
        error_detail=SECRET,
        dagster_run_id="run-1",
    )
    assert look(clinic, sink) == []
    [message] = sink.take()
    assert message["title"] == "Routiq: Clinic of org_a (org_a): failed"
    why, what, where = message["message"].splitlines()
    assert why.startswith(
        "the last sync failed: most new records of a feed do not fit any more, while reading patients, since"
    )
    assert what.startswith("To do: `routiq doctor`")
    assert where == f"{PAGES}/runs/run-1"
    assert SECRET not in str(message)

    ended(clinic, "org_a", "failed", error_code="shape_changed")
    ended(clinic, "org_a", "failed", error_code="server_error")
    look(clinic, sink)
    assert sink.take() == [], "the same state is not told again, whatever the reason is by now"
    written = "select xmin::text, reason from app.organization_alerts"
    [(_, reason)] = before = execute(clinic, written)
    assert "errors" in reason, "but the reason is the latest"
    look(clinic, sink)
    assert execute(clinic, written) == before, "what stands as it did is not written"
    ended(clinic, "org_a", "succeeded")
    look(clinic, sink)
    look(clinic, sink)
    [message] = sink.take()
    assert message["title"] == "Routiq: Clinic of org_a (org_a): recovered"
    assert "(was: failed)" in message["message"]
    ended(clinic, "org_a", "failed", error_code="server_error")
    look(clinic, sink)
    assert titles(sink) == ["Routiq: Clinic of org_a (org_a): failed"]


def test_what_is_incomplete_is_told_by_feed_and_field_without_a_record(clinic: Settings, sink: Sink) -> None:
    ended(
        clinic,
        "org_a",
        "incomplete",
        {"patients": "succeeded", "invoices": "unavailable"},
        feed_code="server_error",
        feed_detail=SECRET,
    )
    quarantine(clinic, "org_a", "patients", "archived_at", "not an instant", "refused", "4711", "4712")
    look(clinic, sink)
    [message] = sink.take()
    assert message["title"].endswith("sync incomplete")
    assert "invoices unavailable; patients: 2 records refused (archived_at)" in message["message"]
    assert "4711" not in str(message)


def test_a_clinic_in_order_is_no_news(clinic: Settings, sink: Sink) -> None:
    look(clinic, sink)
    ended(clinic, "org_a", "succeeded")
    look(clinic, sink)
    assert sink.requests == 0


def test_who_is_not_synced_in_time_is_late_and_says_so_when_it_is_back(clinic: Settings, sink: Sink) -> None:
    ended(clinic, "org_a", "incomplete", hours_ago=3.1)
    look(clinic, sink)
    assert titles(sink) == ["Routiq: Clinic of org_a (org_a): sync incomplete"], "we have only begun to look"
    hours_pass(clinic, 2)
    look(clinic, sink)
    hours_pass(clinic, 1)
    look(clinic, sink)
    assert titles(sink) == ["Routiq: Clinic of org_a (org_a): data late"]
    ended(clinic, "org_a", "succeeded", hours_ago=2.9)
    look(clinic, sink)
    assert titles(sink) == ["Routiq: Clinic of org_a (org_a): recovered"]


def test_a_first_load_takes_as_long_as_it_takes(clinic: Settings, sink: Sink) -> None:
    running(clinic, "org_a")
    look(clinic, sink)
    hours_pass(clinic, 30)
    look(clinic, sink)
    assert sink.requests == 0
    execute(clinic, "update app.sync_runs set lease_expires_at = now() - interval '1 second'")
    look(clinic, sink)
    assert titles(sink) == ["Routiq: Clinic of org_a (org_a): data late"], "its process is gone"


@pytest.mark.parametrize("switch", ["sync_enabled", "is_active"])
def test_nobody_is_told_of_a_paused_clinic_and_it_begins_anew(
    clinic: Settings, sink: Sink, switch: str
) -> None:
    ended(clinic, "org_a", "succeeded", hours_ago=1)
    look(clinic, sink)
    with psycopg.connect(clinic.url("owner")) as connection:
        connection.execute(f"update app.organizations set {switch} = false")
    ended(clinic, "org_a", "failed", error_code="server_error", hours_ago=0.9)
    look(clinic, sink)
    hours_pass(clinic, 30)
    look(clinic, sink)
    assert sink.requests == 0
    execute(clinic, "update app.sync_runs set finished_at = finished_at - interval '9 days'")
    execute(clinic, "delete from app.sync_runs where status = 'failed'")
    execute(clinic, "update app.organizations set sync_enabled = true, is_active = true")
    look(clinic, sink)
    assert sink.requests == 0, "it is late only when it was not synced since it was resumed"
    hours_pass(clinic, 3)
    look(clinic, sink)
    assert titles(sink) == ["Routiq: Clinic of org_a (org_a): data late"]


def test_a_clinic_that_checks_hold_back_is_told_of(clinic: Settings, sink: Sink) -> None:
    ended(clinic, "org_a", "succeeded")
    execute(clinic, "create schema checks")
    execute(
        clinic, "create table checks.held_back (organization_id text, check_name text, failed_rows bigint)"
    )
    execute(clinic, "insert into checks.held_back values ('org_a', 'key_is_unique_patients', 2)")
    look(clinic, sink)
    [message] = sink.take()
    assert message["title"].endswith("new data held back")
    assert "key_is_unique_patients" in message["message"]


def test_a_delivery_that_fails_is_tried_again_later_and_known_meanwhile(clinic: Settings) -> None:
    ended(clinic, "org_a", "failed", error_code="server_error")
    with run_sink(refusals=2) as sink:
        [fault] = look(clinic, sink)
        assert fault == ("Clinic of org_a (org_a): address 1 of ROUTIQ_ALERT_URLS (json) does not take it")
        assert look(clinic, sink) == [], "it is not due yet"
        assert sink.requests == 1
        assert [wait(clinic), known(clinic)] == [60, [("org_a", 1)]]
        due(clinic)
        look(clinic, sink)
        assert [wait(clinic), known(clinic)] == [120, [("org_a", 2)]]
        due(clinic)
        assert look(clinic, sink) == []
        assert titles(sink) == ["Routiq: Clinic of org_a (org_a): failed"]
        assert known(clinic) == []
        due(clinic)
        look(clinic, sink)
        assert sink.take() == []


def due(settings: Settings) -> None:
    execute(settings, "update app.organization_alerts set next_attempt_at = now()")


def known(settings: Settings) -> list[tuple[str, int]]:
    with psycopg.connect(settings.url("owner")) as connection:
        return [(untold.key, untold.attempts) for untold in undelivered(connection)]


def wait(settings: Settings) -> int:
    [[seconds]] = execute(
        settings, "select ceil(extract(epoch from next_attempt_at - now()))::int from app.organization_alerts"
    )
    return int(seconds)


def test_who_has_heard_does_not_hear_again_while_another_address_is_away(
    clinic: Settings, sink: Sink
) -> None:
    ended(clinic, "org_a", "failed", error_code="server_error")
    with run_sink(refusals=9) as away:
        look(clinic, away, sink)
        due(clinic)
        look(clinic, away, sink)
        assert titles(sink) == ["Routiq: Clinic of org_a (org_a): failed"]
        ended(clinic, "org_a", "succeeded")
        look(clinic, away, sink)
        assert titles(sink) == ["Routiq: Clinic of org_a (org_a): recovered"], "who heard of it hears its end"
        assert away.take() == []


def test_what_was_over_before_anybody_heard_is_not_told(clinic: Settings, sink: Sink) -> None:
    ended(clinic, "org_a", "failed", error_code="server_error")
    assert look(clinic) == [], "no address yet"
    ended(clinic, "org_a", "succeeded")
    look(clinic, sink)
    assert sink.requests == 0


def test_an_address_that_comes_later_hears_how_things_are(clinic: Settings, sink: Sink) -> None:
    ended(clinic, "org_a", "failed", error_code="server_error")
    look(clinic)
    look(clinic, sink)
    assert titles(sink) == ["Routiq: Clinic of org_a (org_a): failed"]
