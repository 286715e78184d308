"""The lists: from a path and its query to a page of record texts."""

import json
from urllib.parse import parse_qsl

from sandbox.cliniko.clinic import Clinic
from sandbox.cliniko.filters import Condition, hiding_conditions, parse_filter
from sandbox.cliniko.pages import Page
from sandbox.cliniko.paging import PageRequest, Query, read_page_request, read_sort
from sandbox.cliniko.refusals import record_not_found
from sandbox.cliniko.resources import BOOKING_KINDS, LISTS, Kind, Resource


def read_list(clinic: Clinic, name: str, url: str, query: str, only: list[Condition] | None = None) -> Page:
    """One page of a list; `only` are the conditions of its path (a parent, or /active)."""
    request = read_page_request(query, clinic.profile.choices)
    order = clinic.orders.of(_query(clinic, LISTS[name], request, only or []))
    total = len(order.rows)
    is_beyond = request.page > 1 and (request.page - 1) * request.per_page >= total
    if is_beyond and clinic.profile.choices.page_beyond_end == "not_found":
        raise record_not_found()
    rows = order.page(request.page, request.per_page, clinic.profile.choices.unstable_ties)
    texts = [record_text(clinic, name, row) for row in rows]
    return Page(name, texts, rows, total, _links(request, url, total))


def _query(clinic: Clinic, resource: Resource, request: PageRequest, only: list[Condition]) -> Query:
    choices = clinic.profile.choices
    filters = [parse_filter(text, resource, choices) for text in request.filters]
    conditions = [*only, *filters, *hiding_conditions(resource, filters, choices)]
    if resource.name == "bookings":
        return Query(BOOKING_KINDS, _bookings(), conditions, read_sort(request, resource))
    return Query((resource.name,), f'"{resource.name}"', conditions, read_sort(request, resource))


def _bookings() -> str:
    """The three kinds as one relation; an individual appointment's patient is its list of patients."""
    fields = LISTS["bookings"].kept
    selects = (f'select row, {_booking_columns(LISTS[kind], fields)} from "{kind}"' for kind in BOOKING_KINDS)
    return f"({' union all '.join(selects)})"


def _booking_columns(kind: Resource, fields: dict[str, Kind]) -> str:
    def column(name: str) -> str:
        if name in kind.kept:
            return name
        if name == "patient_ids" and "patient_id" in kind.kept:
            return "[patient_id::varchar] as patient_ids"
        return f"null as {name}"

    return ", ".join(column(name) for name in fields)


def record_text(clinic: Clinic, name: str, row: int) -> bytes:
    text = clinic.store.records.text(row)
    if name != "bookings":
        return text
    kind = clinic.store.records.resource(row)
    record_id = str(json.loads(text)["id"])
    return text.replace(f'/{kind}/{record_id}"'.encode(), f'/bookings/{record_id}"'.encode())


def _links(request: PageRequest, url: str, total: int) -> dict[str, str]:
    last = max(1, -(-total // request.per_page))
    links = {"self": request.link(url, request.page)}
    if request.page < last:
        links["next"] = request.link(url, request.page + 1)
    if request.page > 1:
        links["previous"] = request.link(url, min(request.page - 1, last))
    return links


def read_single(clinic: Clinic, name: str, record_id: int, query: str) -> bytes:
    """One record; a hidden one only if `q[]` lifts what hides it."""
    choices = clinic.profile.choices
    resource = LISTS[name]
    allowed = Resource(name, {each: resource.filterable[each] for each in resource.hiding}, resource.kept)
    texts = [value for key, value in parse_qsl(query, keep_blank_values=True) if key in {"q", "q[]"}]
    filters = [parse_filter(text, allowed, choices) for text in texts]
    by_id = Condition("id = ?", values=[record_id])
    conditions = [by_id, *filters, *hiding_conditions(resource, filters, choices)]
    relation = _bookings() if name == "bookings" else f'"{name}"'
    sql, values = Query((), relation, conditions, [("id", "asc")]).sql()
    rows = clinic.store.index.select(sql, values)["row"]
    if not len(rows):
        raise record_not_found()
    return record_text(clinic, name, int(rows[0]))
