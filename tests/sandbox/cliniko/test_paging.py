"""Pages, links and order."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.sandbox.cliniko.clinic_files import Api, Record, record, served, write_clinic

FLIPPED = """[choices]
per_page_over_max = "clamp"
page_beyond_end = "not_found"
unknown_parameters = "reject"
unstable_ties = false
"""


def day(number: int) -> str:
    return f"2026-01-{number:02}T00:00:00Z"


def people() -> list[Record]:
    """230 patients with ids beyond 2^53; the files' order is none of those that are asked for."""
    first = 2**60
    return [
        record(
            "patients",
            first + (number * 7) % 230,
            created_at=day(1 + number % 28),
            last_name=f"L{number % 5}",
        )
        for number in range(230)
    ]


@pytest.fixture(scope="module")
def address(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("clinics")
    same = {"patients": [record("patients", number) for number in range(1, 151)]}
    with served(
        server,
        *[
            write_clinic(root / "paged", {"patients": people()}),
            write_clinic(root / "tied", same),
            write_clinic(root / "flipped", same, toml=FLIPPED),
        ],
    ) as address:
        yield address


@pytest.fixture
def api(address: str) -> Iterator[Api]:
    found = Api(address, "paged")
    yield found
    found.close()


def walk(api: Api, url: str) -> list[str]:
    """All ids, by following `next` as it is given."""
    ids: list[str] = []
    while url:
        page = api.client.get(url).json()
        ids += [row["id"] for row in page["patients"]]
        url = page["links"].get("next", "")
    return ids


def test_a_page_has_50_rows_unless_told_and_100_at_most(api: Api) -> None:
    assert len(api.page("patients")["patients"]) == 50
    assert len(api.page("patients", per_page=100)["patients"]) == 100
    assert api.get("patients", per_page=101).status_code == 422
    assert len(api.page("patients", per_page=1)["patients"]) == 1


@pytest.mark.parametrize("parameters", [{"page": 0}, {"page": "x"}, {"per_page": 0}, {"per_page": "-1"}])
def test_a_page_that_is_no_number_is_refused(api: Api, parameters: dict[str, str | int]) -> None:
    assert api.get("patients", **parameters).status_code == 400


def test_links_are_absolute_and_stand_only_where_a_page_is(api: Api) -> None:
    first, middle, last = (api.page("patients", page=number, per_page=100) for number in (1, 2, 3))
    assert set(first["links"]) == {"self", "next"}
    assert set(middle["links"]) == {"self", "next", "previous"}
    assert set(last["links"]) == {"self", "previous"}
    assert all(link.startswith(f"{api.address}/v1/patients?") for link in middle["links"].values())
    assert [page["total_entries"] for page in (first, middle, last)] == [230, 230, 230]
    assert [len(page["patients"]) for page in (first, middle, last)] == [100, 100, 30]


def test_next_keeps_filters_sort_and_page_size(api: Api) -> None:
    filters = ("last_name:=L1", "created_at:>=2026-01-02T00:00:00Z")
    following = api.page("patients", *filters, sort="last_name:desc,id", per_page=7)["links"]["next"]
    assert sorted(parse_qsl(urlsplit(following).query)) == [
        ("page", "2"),
        ("per_page", "7"),
        *(("q[]", text) for text in sorted(filters)),
        ("sort", "last_name:desc,id"),
    ]
    assert "key-paged" not in following


def test_following_next_reads_everything_once(api: Api) -> None:
    ids = walk(api, "patients?sort=created_at,id&per_page=40")
    assert len(ids) == len(set(ids)) == 230


def test_a_page_beyond_the_end_is_empty(api: Api) -> None:
    page = api.page("patients", page=9)
    assert page["patients"] == []
    assert page["total_entries"] == 230
    assert "next" not in page["links"]


def test_created_at_ascending_is_the_default(api: Api) -> None:
    times = [row["created_at"] for row in api.page("patients", per_page=100)["patients"]]
    assert times == sorted(times)
    assert times[0] == day(1)


def test_order_is_by_every_part_of_sort(api: Api) -> None:
    rows = api.page("patients", sort="last_name:desc,created_at,id:desc", per_page=100)["patients"]
    keys = [(-int(row["last_name"][1]), row["created_at"], -int(row["id"])) for row in rows]
    assert keys == sorted(keys)


def test_the_deprecated_order_turns_the_default(api: Api) -> None:
    assert api.page("patients", order="desc")["patients"][0]["created_at"] == day(28)


@pytest.mark.parametrize("sort", ["address_1", "deleted_at", "id:sideways", "row"])
def test_what_cannot_be_sorted_is_refused(api: Api, sort: str) -> None:
    assert api.get("patients", sort=sort).status_code == 400


def test_rows_equal_in_sort_change_place_between_pages(address: str) -> None:
    """A client that gives no tie-break loses rows; one that adds `,id` does not."""
    tied = Api(address, "tied")
    assert len(set(walk(tied, "patients?sort=updated_at&per_page=50"))) < 150
    assert len(set(walk(tied, "patients?sort=updated_at,id&per_page=50"))) == 150
    once, again = (tied.page("patients", page=2)["patients"] for _ in range(2))
    assert once == again
    hidden = walk(Api(address, "flipped"), "patients?sort=updated_at&per_page=50")
    assert len(set(hidden)) == 150
    assert hidden != sorted(hidden, key=int)


def test_choices_can_be_turned(address: str) -> None:
    flipped = Api(address, "flipped")
    assert len(flipped.page("patients", per_page=500)["patients"]) == 100
    assert flipped.get("patients", page=4).status_code == 404
    assert flipped.get("patients", colour="red").status_code == 400
    assert Api(address, "tied").get("patients", colour="red").status_code == 200
