"""The texts of the statements: files, filled once with what their schemas say."""

import re
from importlib import import_module

import pytest

from serving.data.framing import SERVING, answering, statement
from serving.features.reengagement.router import PRIORITIZED
from serving.features.reengagement.schemas import RiskMetrics

FILES = [str(file.relative_to(SERVING)) for file in SERVING.rglob("*.sql")]
MODULES = [file.relative_to(SERVING.parent) for file in SERVING.glob("features/**/*.py")]


def test_nothing_is_left_to_fill_in() -> None:
    modules = [import_module(".".join(path.with_suffix("").parts)) for path in MODULES]
    texts = {text for module in modules for text in vars(module).values() if isinstance(text, str)}
    statements = [text for text in texts if "%(organization_id)s" in text]
    assert len(statements) > 15
    assert [text for text in statements if re.search(r"\{\w+\}", text)] == []


def test_what_nobody_says_is_refused() -> None:
    with pytest.raises(KeyError, match="scope"):
        statement("features/clerk/summary.sql")


def test_the_next_key_is_asked_for_where_the_answer_pages() -> None:
    assert "next_key as next_key" in PRIORITIZED
    assert "null as next_key" in answering("features/reengagement/risk_metrics.sql", RiskMetrics)


def test_every_file_is_a_statement_of_some_feature() -> None:
    said = "".join(file.read_text() for file in SERVING.rglob("*.py"))
    assert [file for file in FILES if f'"{file}"' not in said] == []


def test_no_file_has_a_threshold_of_its_own() -> None:
    said = {file: re.findall(r"interval '(\d+ \w+)'", (SERVING / file).read_text()) for file in FILES}
    assert {file: found for file, found in said.items() if set(found) - {"1 day"}} == {}
    assert "interval '24 hours' as is_stale" in answering(
        "features/reengagement/risk_metrics.sql", RiskMetrics
    )
