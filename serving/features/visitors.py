"""The two lists of visitors, page by page or whole: the latest first, each with their recent visits."""

from typing import LiteralString

from pydantic import BaseModel

from serving.data.framing import answering
from serving.data.projection import projection


def visitors(
    schema: type[BaseModel], visitor: type[BaseModel], view: str, patient_id: str, *, whole: bool = False
) -> LiteralString:
    """The rows of the mart `view`, each as `visitor`, as the list of that name in `schema`.

    The column `patient_id` is Cliniko's id. The `whole` list is a statement of its own: so the planner sees
    whom to look up.
    """
    on_page = "is not null" if whole else "= any(array(select patient_id from page))"
    parts = {"view": view, "list": view.removeprefix("marts."), "patient_id": patient_id, "on_page": on_page}
    return answering("features/visitors.sql", schema, visitor=projection(visitor), **parts)
