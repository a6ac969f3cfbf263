"""Every way a list is paged, and every way one can fail to end."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.client import RequestStats, open_client
from pipelines.gigstack.api.first_page import start_params
from pipelines.gigstack.api.paginators import Paginator
from pipelines.gigstack.endpoint_types import Resource
from pipelines.gigstack.endpoints import RESOURCES
from tests.pipelines.scripted import Answer, Api, Scripted, api, page, settings

LONGEST = 150  # requests, before a script ends a list that would have no end
CLIENTS, SAT, WEBHOOKS = RESOURCES["clients"], RESOURCES["sat_invoices"], RESOURCES["webhooks"]
ERRORS, SERIES = RESOURCES["cfdi_errors"], RESOURCES["team_series"]
INTEGRATIONS, HISTORY = RESOURCES["team_integrations"], RESOURCES["sat_download_requests"]


class Seen:
    """What a walk saw: the records of each page, what was asked, and how it ended."""

    def __init__(self, paginator: Paginator, pages: list[Any], script: Api) -> None:
        self.paginator = paginator
        self.pages = pages
        self.queries = [asked.query for asked in script.asked]

    @property
    def ids(self) -> list[str]:
        return [record["id"] for records in self.pages for record in records if record]


def read(resource: Resource, answers: Answer | Sequence[Answer], page_size: int = 2) -> Seen:
    """Walk the stream's first path, which gives these answers."""
    path = resource.paths[0].replace("{team}", "team_1")
    paginator = Paginator(
        resource, "team_1", path, start_params(resource, page_size, None), RequestStats()
    )
    pages: list[Any] = []
    with api({path: answers}) as (script, url):
        asyncio.run(_walk(paginator, url, pages))
    assert paginator.pages == len(pages)
    return Seen(paginator, pages, script)


async def _walk(paginator: Paginator, url: str, pages: list[Any]) -> None:
    async with open_client(settings(url)) as client:
        pages.extend([msgspec.json.decode(records) async for records in paginator.records(client)])


def one(name: str) -> list[dict[str, str]]:
    return [{"id": name}]


def written(data: str, **more: Any) -> Scripted:
    """An envelope whose data is spelled out to the last blank."""
    rest = "".join(f', "{name}": {msgspec.json.encode(more[name]).decode()}' for name in more)
    return 200, {}, f'{{"data": {data}{rest}}}'


def test_dialect_next_sends_the_cursor_back_as_next() -> None:
    seen = read(
        CLIENTS,
        [
            page(one("a"), next="c1", has_more=True, total_results=3),
            page(one("b"), next="c2", has_more=True, total_results=None),
            page(one("c"), next=None, has_more=False),
        ],
    )
    assert seen.ids == ["a", "b", "c"]
    assert seen.queries == [
        {"limit": "2"},
        {"limit": "2", "next": "c1"},
        {"limit": "2", "next": "c2"},
    ]
    assert seen.paginator.api_total == 3
    assert seen.paginator.problem is None


def test_sat_invoices_send_the_cursor_back_as_starting_after() -> None:
    seen = read(SAT, [page(one("a"), next="c1", has_more=True), page(one("b"), has_more=False)])
    assert seen.ids == ["a", "b"]
    assert seen.queries == [{"limit": "2"}, {"limit": "2", "starting_after": "c1"}]


def test_webhooks_send_next_cursor_back_as_cursor() -> None:
    seen = read(
        WEBHOOKS, [page(one("a"), next_cursor="c1", has_more=True), page(one("b"), has_more=False)]
    )
    assert seen.ids == ["a", "b"]
    assert seen.queries == [{"limit": "2"}, {"limit": "2", "cursor": "c1"}]


def test_webhooks_may_page_like_the_others() -> None:
    seen = read(WEBHOOKS, [page(one("a"), next="c1", has_more=True), page(one("b"))])
    assert seen.ids == ["a", "b"]
    assert seen.queries[1] == {"limit": "2", "next": "c1"}


def test_page_numbers_go_on_until_the_total() -> None:
    def numbered(request: Request) -> Scripted:
        number = int(request.query_params["page"])
        return page([{"id": i} for i in "abcde"[2 * number - 2 : 2 * number]], total=5, limit=2)

    seen = read(ERRORS, numbered)
    assert seen.ids == [*"abcde"]
    assert seen.queries == [{"limit": "2", "page": str(number)} for number in (1, 2, 3)]
    assert seen.paginator.api_total == 5


def test_page_numbers_believe_the_limit_that_the_api_names() -> None:
    seen = read(ERRORS, [page(one(name), total=2, limit=1) for name in "ab"], page_size=100)
    assert seen.ids == ["a", "b"]


@pytest.mark.parametrize("nothing", ["[]", "[ ]", "[\n]", "[null]", "[ null ]", "null"])
def test_page_numbers_without_a_total_end_with_an_empty_page(nothing: str) -> None:
    endless = [written(nothing)] * LONGEST
    seen = read(ERRORS, [page(one("a")), page(one("b")), *endless, (400, {}, "{}")])
    assert seen.ids == ["a", "b"]
    assert len(seen.queries) == 3


def test_page_numbers_that_the_api_ignores_do_not_go_on_for_ever() -> None:
    seen = read(ERRORS, [*[page(one("a"))] * LONGEST, (400, {}, "{}")])
    assert seen.paginator.problem == "the list repeats itself at 'a'"
    assert len(seen.queries) == 2


def test_a_single_shot_takes_no_limit_and_is_asked_once() -> None:
    seen = read(SERIES, page(one("a")))
    assert seen.ids == ["a"]
    assert seen.queries == [{}]


@pytest.mark.parametrize("answer", [page([]), written("null"), (204, {}, "")])
def test_nothing_is_an_empty_list(answer: Answer) -> None:
    seen = read(CLIENTS, answer)
    assert seen.pages == [[]]
    assert seen.paginator.problem is None


@pytest.mark.parametrize(
    "body",
    [{"message": "OK"}, {"clients": one("a")}, {"data": {"clients": one("a")}}],
    ids=["none", "another name", "another name within data"],
)
def test_an_answer_without_a_list_is_an_error_that_says_what_there_is(body: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match=r"has (message|clients)$|with clients$"):
        read(CLIENTS, (200, {}, body))


def test_null_elements_are_left_where_they_are() -> None:
    seen = read(CLIENTS, page([None, {"id": "a"}, None], has_more=False))
    assert seen.pages == [[None, {"id": "a"}, None]]
    assert seen.ids == ["a"]


def test_the_list_may_sit_at_data_data() -> None:
    nested: Scripted = (200, {}, {"data": {"data": one("a")}, "has_more": False})
    assert read(CLIENTS, nested).ids == ["a"]


def test_the_list_may_sit_at_data_history() -> None:
    assert read(HISTORY, (200, {}, {"data": {"history": one("a")}})).ids == ["a"]
    assert read(HISTORY, (200, {}, {"data": {"history": None}})).pages == [[]]
    assert read(HISTORY, (200, {}, {"data": {}})).pages == [[]]


def test_an_object_of_objects_becomes_a_list_that_keeps_the_names() -> None:
    mapped = {"stripe": {"completed": True}, "openpay": {}, "bank": None}
    assert read(INTEGRATIONS, (200, {}, {"data": mapped})).pages == [
        [
            {"provider": "stripe", "value": {"completed": True}},
            {"provider": "openpay", "value": {}},
            {"provider": "bank", "value": None},
        ]
    ]


def test_data_that_is_no_list_is_an_error() -> None:
    with pytest.raises(ApiError, match="clients: expected a list, found b'\"maintenance\"'"):
        read(CLIENTS, written('"maintenance"'))


def test_more_without_a_cursor_is_a_truncated_list() -> None:
    seen = read(CLIENTS, page(one("a"), has_more=True))
    assert seen.ids == ["a"]
    assert seen.paginator.problem == "the API says there is more, and gives no cursor to it"


def test_no_more_ends_a_list_even_when_a_cursor_is_given() -> None:
    seen = read(CLIENTS, page(one("a"), next="c1", has_more=False))
    assert len(seen.queries) == 1
    assert seen.paginator.problem is None


def test_an_empty_page_that_goes_on_is_not_the_end() -> None:
    seen = read(
        WEBHOOKS,
        [
            page([], next_cursor="c1", has_more=True),
            page([], next_cursor="c2", has_more=True),
            page(one("a"), has_more=False),
        ],
    )
    assert seen.ids == ["a"]
    assert seen.paginator.problem is None


@pytest.mark.parametrize(
    "cursors", [["c1", "c1"], ["c1", "c2", "c1"]], ids=["at once", "in a circle"]
)
def test_a_circle_ends_the_list(cursors: list[str]) -> None:
    circle = [page(one(cursor), next=cursor, has_more=True) for cursor in cursors]
    seen = read(CLIENTS, [*circle, *[(400, {}, "{}")] * 20])
    assert seen.paginator.problem == "the list repeats itself at 'c1'"


def test_empty_pages_without_end_end_the_list() -> None:
    endless = [page([], next=f"c{number}", has_more=True) for number in range(LONGEST)]
    seen = read(CLIENTS, [*endless, (400, {}, "{}")])
    assert seen.paginator.problem == "the list goes on with empty pages"
