"""The log holds ids, counts and fixed words; never a query string, a token or a patient."""

import json
import logging
from typing import Any

import pytest

from serving.http.logs import Forward, log
from tests.serving.conftest import Api, wait_for
from tests.serving.routes import LIST, RISK


def written(capsys: pytest.CaptureFixture[str], needle: str) -> str:
    """What was written until `needle` came: the line of a request follows its answer."""
    texts: list[str] = []

    def is_there() -> bool:
        texts.append(capsys.readouterr().err)
        return needle in "".join(texts)

    wait_for(is_there)
    return "".join(texts)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines() if line.startswith("{")]


def test_a_request_leaves_one_line_without_anything_private(
    clinic_api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    token = clinic_api.clerk.token()
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "logged-1"}
    clinic_api.client.get(LIST.format("org_a"), params={"search": "Secretname"}, headers=headers)
    captured = written(capsys, "logged-1")
    (line,) = [json.loads(text) for text in captured.splitlines() if "logged-1" in text]
    assert line["route"] == "/api/v1/reengagement/{org_id}/patients/prioritized"
    assert (line["status"], line["organization_id"], line["method"]) == (200, "org_a", "GET")
    for private in ("Secretname", token, token.split(".")[2], "Pat", "@example.com", "+614"):
        assert private not in captured


def test_refusals_name_a_reason_and_not_the_token(
    clinic_api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic_api.client.get(RISK.format("org_a"), headers={"Authorization": "Bearer Secret.Secret.Secrets"})
    captured = written(capsys, '"status": 401')
    assert '"reason": "encoding"' in captured
    assert "Secret" not in captured


def test_fields_that_are_not_listed_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("told", request_id="r", patient_name="Secretname", count=3, status=["Secretname"])
    (line,) = lines(capsys)
    assert line.items() >= {"event": "told", "request_id": "r", "count": 3}.items()
    assert "Secretname" not in str(line)


def test_libraries_speak_without_arguments_and_exceptions(capsys: pytest.CaptureFixture[str]) -> None:
    handler = Forward()
    error = ValueError("Secretname")
    failure = (type(error), error, None)
    for name in ("psycopg.pool", "anything"):
        record = logging.LogRecord(name, logging.ERROR, "", 1, "failed: %s", ("Secretname",), failure)
        handler.handle(record)
    trusted, other = lines(capsys)
    assert (trusted["event"], trusted["error"], other["event"]) == ("failed: %s", "ValueError", "library_log")
    assert "Secretname" not in str((trusted, other))
