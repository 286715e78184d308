"""What is kept, for whom, and until when: by itself, with a clock and versions made by hand."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from serving.data.answer import Answer
from serving.data.cache import Cache, Question
from serving.data.versions import Versions

RISK = Question.of("org_a", "select 1", {"limit": 50})


class Desk:
    """A cache, and a database whose answers say how often it was asked."""

    def __init__(self, max_bytes: int = 100_000) -> None:
        self.now = 1000.0
        self.seconds: float | None = 60.0
        self.reads = 0
        self.horizons = 0
        self.body = "{}"
        self.versions = Versions("", lambda: self.now)
        self.listen()
        self.cache = Cache(self.versions, max_bytes, lambda: self.now)

    def listen(self) -> None:
        self.versions._heard_at = self.now

    async def read(self) -> Answer:
        self.reads += 1
        await asyncio.sleep(0)
        return Answer(self.body, [], f"read {self.reads}", "2025-06-30T12:00:00Z", is_stale=False)

    async def horizon(self) -> float | None:
        self.horizons += 1
        return self.seconds

    async def ask(self, question: Question = RISK) -> str:
        return (await self.cache.answer(question, self.read, self.horizon)).data_as_of or ""


def play(scenario: Callable[[Desk], Awaitable[None]], max_bytes: int = 100_000) -> None:
    async def run() -> None:
        await scenario(Desk(max_bytes))

    asyncio.run(run())


def test_the_same_question_is_read_once() -> None:
    async def scenario(desk: Desk) -> None:
        assert [await desk.ask() for _ in range(3)] == ["read 1"] * 3

    play(scenario)


@pytest.mark.parametrize(
    "other",
    [
        Question.of("org_b", "select 1", {"limit": 50}),
        Question.of("org_a", "select 2", {"limit": 50}),
        Question.of("org_a", "select 1", {"limit": 51}),
        Question.of("org_a", "select 1", {"limit": 50, "after": None}),
    ],
)
def test_another_question_is_another_answer(other: Question) -> None:
    async def scenario(desk: Desk) -> None:
        assert [await desk.ask(), await desk.ask(other), await desk.ask()] == ["read 1", "read 2", "read 1"]

    play(scenario)


def test_a_change_ends_the_answers_of_its_organization_only() -> None:
    async def scenario(desk: Desk) -> None:
        other = Question.of("org_b", "select 1", {"limit": 50})
        assert [await desk.ask(), await desk.ask(other)] == ["read 1", "read 2"]
        desk.versions.bump("org_a")
        assert [await desk.ask(), await desk.ask(other)] == ["read 3", "read 2"]

    play(scenario)


def test_an_answer_ends_at_its_horizon_to_the_instant() -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask()
        desk.now += 59.9
        desk.listen()
        assert await desk.ask() == "read 1"
        desk.now = 1060.0
        desk.listen()
        assert await desk.ask() == "read 2"
        assert desk.horizons == 2

    play(scenario)


def test_an_answer_that_was_asked_before_the_horizon_and_read_after_it_is_not_given_again() -> None:
    async def scenario(desk: Desk) -> None:
        async def slow() -> Answer:
            answer = await desk.read()
            desk.now += 61
            desk.listen()
            return answer

        await desk.cache.answer(RISK, slow, desk.horizon)
        assert await desk.ask() == "read 2"

    play(scenario)


def test_what_changes_while_it_is_read_is_not_kept_as_the_new() -> None:
    async def scenario(desk: Desk) -> None:
        async def overtaken() -> Answer:
            answer = await desk.read()
            desk.versions.bump("org_a")
            return answer

        await desk.cache.answer(RISK, overtaken, desk.horizon)
        assert await desk.ask() == "read 2"

    play(scenario)


def test_one_horizon_serves_all_questions_of_a_version() -> None:
    async def scenario(desk: Desk) -> None:
        for limit in range(5):
            await desk.ask(Question.of("org_a", "select 1", {"limit": limit}))
        assert desk.horizons == 1
        desk.versions.bump("org_a")
        await desk.ask()
        assert desk.horizons == 2

    play(scenario)


def test_nothing_is_kept_while_nobody_listens() -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask()
        desk.now += 7
        assert [await desk.ask(), await desk.ask()] == ["read 2", "read 3"]
        desk.versions._spell += 1
        desk.listen()
        assert await desk.ask() == "read 4"

    play(scenario)


def test_what_has_no_known_end_is_not_kept() -> None:
    async def scenario(desk: Desk) -> None:
        desk.seconds = None
        assert [await desk.ask(), await desk.ask()] == ["read 1", "read 2"]

    play(scenario)


def test_those_who_ask_at_once_share_a_reading_and_its_error() -> None:
    async def scenario(desk: Desk) -> None:
        assert set(await asyncio.gather(*(desk.ask() for _ in range(50)))) == {"read 1"}

        async def fail() -> Answer:
            desk.reads += 1
            raise LookupError

        other = Question.of("org_a", "select 2", {})
        asked = [desk.cache.answer(other, fail, desk.horizon) for _ in range(5)]
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(error) for error in ended] == [LookupError] * 5
        assert desk.reads == 2
        assert await desk.ask(other) == "read 3"

    play(scenario)


def test_who_stops_waiting_does_not_stop_the_others() -> None:
    async def scenario(desk: Desk) -> None:
        first, second = (asyncio.ensure_future(desk.ask()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "read 1"

    play(scenario)


def test_memory_is_bounded_by_bytes() -> None:
    async def scenario(desk: Desk) -> None:
        desk.body = "x" * 20_000
        for limit in range(20):
            await desk.ask(Question.of("org_a", "select 1", {"limit": limit}))
        assert desk.cache._kept.currsize <= 100_000
        assert len(desk.cache._kept) == 4
        desk.body = "x" * 200_000
        large = Question.of("org_a", "select 2", {})
        assert [await desk.ask(large), await desk.ask(large)] == ["read 21", "read 22"]
        assert len(desk.cache._kept) == 4

    play(scenario)


def test_no_memory_no_cache() -> None:
    async def scenario(desk: Desk) -> None:
        assert [await desk.ask(), await desk.ask()] == ["read 1", "read 2"]
        assert desk.horizons == 0

    play(scenario, max_bytes=0)
