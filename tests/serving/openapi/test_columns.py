"""What the API says of a mart's column is what dbt says of it, and it needs no dbt to say so."""

from pydantic import BaseModel

from serving.openapi.columns import as_phrase, columns, read_from_dbt
from serving.openapi.fields import Count, shows

MART = "patient_reengagement_master_view"


def test_the_api_carries_what_dbt_says() -> None:
    assert columns() == read_from_dbt(), "run `make client`"


def test_a_field_that_says_nothing_of_itself_quotes_its_column() -> None:
    class Shown(BaseModel):
        model_config = shows(MART)

        missed_appointments_last_90d: Count
        of_nobody: Count

    fields = Shown.model_json_schema()["properties"]
    assert fields["missed_appointments_last_90d"]["description"] == "Visits missed in the last 90 days"
    assert "description" not in fields["of_nobody"]


def test_a_description_is_one_phrase() -> None:
    assert as_phrase("Two\n  lines.\n") == "Two lines"
