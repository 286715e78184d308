"""The two lists of visitors, page by page or whole: the latest first, each with their recent visits."""

from typing import LiteralString

from pydantic import BaseModel

from serving.data.projection import projection
from serving.data.statements import answering


def visitors(
    schema: type[BaseModel], visitor: type[BaseModel], mart: str, patient_id: str, *, whole: bool = False
) -> LiteralString:
    """The rows of `mart`, each as `visitor`, as the list of that name in `schema`.

    The column `patient_id` is Cliniko's id. The `whole` list is a statement of its own: so the planner sees
    whom to look up.
    """
    on_page = "is not null" if whole else "= any(array(select patient_id from page))"
    parts = {"mart": mart, "patient_id": patient_id, "on_page": on_page}
    return answering("features/visitors.sql", schema, visitor=projection(visitor), **parts)
