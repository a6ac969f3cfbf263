"""Variants of paging, of envelopes and of paths."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pipelines.sandbox.simulation.account import Account
from tests.sandbox.pages import Answering, ids, page

WORDS = {"has_more", "next", "total_results"}


@pytest.mark.parametrize(
    ("names", "where"),
    [
        (("nested-paging",), ("pagination",)),
        (("nested-paging-in-meta",), ("meta",)),
        (("data-in-data",), ("data",)),
        (("camel-case-paging", "nested-paging"), ("pagination",)),
    ],
)
def test_words_about_paging_stand_elsewhere(
    answering: Answering, names: tuple[str, ...], where: tuple[str, ...]
) -> None:
    body = page(answering(*names), "/services", limit=3)
    expected = {"hasMore", "nextCursor", "totalResults"} if len(names) > 1 else WORDS
    assert not (WORDS | expected) & body.keys()
    for name in where:
        body = body[name]
    assert expected <= body.keys()


def test_words_about_paging_in_camel_case(answering: Answering) -> None:
    first = page(answering("camel-case-paging"), "/services", limit=3)
    second = page(answering("camel-case-paging"), "/services", limit=3, next=first["nextCursor"])
    assert first["hasMore"] and not set(ids(first["data"])) & set(ids(second["data"]))


@pytest.mark.parametrize(
    ("name", "words"),
    [("silent-paging", {"total_results"}), ("silent-paging-without-total", set())],
)
def test_a_full_page_may_be_silent(answering: Answering, name: str, words: set[str]) -> None:
    body = page(answering(name), "/services", limit=3)
    assert len(body["data"]) >= 3
    assert WORDS & body.keys() == words


def test_a_list_may_stand_under_another_name_or_alone(answering: Answering) -> None:
    renamed = page(answering("renamed-list"), "/clients")
    assert renamed["clients"] and "data" not in renamed
    bare = page(answering("bare-array"), "/clients")
    assert ids(bare) == ids(renamed["clients"])


@pytest.mark.parametrize(
    ("name", "path", "limit"),
    [("endless-repeat", "/services", 3), ("endless-empty", "/payments", 3)],
)
def test_a_list_may_have_no_end(answering: Answering, name: str, path: str, limit: int) -> None:
    api = answering(name)
    pages = [page(api, path, limit=limit)]
    for _ in range(3):
        pages.append(page(api, path, limit=limit, next=pages[-1]["next"]))
    assert all(one["has_more"] for one in pages)
    assert len({one["next"] for one in pages}) == 4
    later = [ids(one["data"]) for one in pages[1:]]
    assert later == [ids(pages[0]["data"]) if name == "endless-repeat" else []] * 3


def test_two_pages_may_come_in_turn(answering: Answering) -> None:
    api = answering("two-pages-in-turn")
    pages = [page(api, "/clients")]
    for _ in range(3):
        pages.append(page(api, "/clients", next=pages[-1]["next"]))
    first, second, *again = (ids(one["data"]) for one in pages)
    assert again == [first, second] and first != second


def test_numbered_pages_may_be_capped(answering: Answering) -> None:
    body = page(answering("capped-pages"), "/invoices/cfdi-errors", limit=100)
    assert len(body["data"]) == 20 and "limit" not in body
    api = answering("shrinking-total")
    totals = [page(api, "/invoices/cfdi-errors", page=n)["total"] for n in (1, 2)]
    assert totals == [117, 67]


def test_a_limit_may_be_at_most_50(answering: Answering) -> None:
    api = answering("limit-50")
    assert [api.get("/clients?limit=51").status_code, api.get("/clients?limit=50").status_code] == [
        400,
        200,
    ]


@pytest.mark.parametrize("asks", ["starting_after", "page_token"])
def test_a_cursor_may_go_into_another_parameter(answering: Answering, asks: str) -> None:
    api = answering(f"cursor-in-{asks.replace('_', '-')}")
    first = page(api, "/services", limit=3)
    assert page(api, "/services", limit=3, next=first["next"])["data"] == first["data"]
    assert page(api, "/services", limit=3, **{asks: first["next"]})["data"] != first["data"]


def test_next_may_be_a_url(answering: Answering) -> None:
    following = page(api := answering("next-is-url"), "/services", limit=3)["next"]
    assert following.startswith(f"{str(api.base_url).rstrip('/')}/services?limit=3&next=")
    assert api.get(following).status_code == 200
    foreign = page(answering("next-is-foreign-url"), "/services", limit=3)["next"]
    assert urlsplit(foreign).hostname == "elsewhere.example"


def test_words_about_paging_may_have_odd_types(answering: Answering) -> None:
    api = answering("odd-types")
    first = page(api, "/services", limit=3)
    assert (first["has_more"], type(first["next"])) == (1, int)
    last = page(api, "/services", limit=100, next=first["next"])
    assert (last["has_more"], last["next"]) == (0, False)
    assert not set(ids(first["data"])) & set(ids(last["data"]))
    assert page(api, "/invoices/cfdi-errors")["total"] == "117"


def test_nothing_may_be_204(answering: Answering) -> None:
    answer = answering("empty-204").get("/clients", params={"created[gte]": 4_000_000_000})
    assert (answer.status_code, answer.content) == (204, b"")


def test_series_and_integrations_may_have_other_shapes(
    answering: Answering, small: Account
) -> None:
    api = answering("other-shapes")
    for team in small.teams:
        series = page(api, f"/teams/{team}/series", team=team)["data"]["series"]
        assert all(row["series"] for row in series)
    assert all(
        row.keys() >= {"id", "completed"} for row in page(api, "/teams/integrations")["data"]
    )


@pytest.mark.parametrize(
    ("name", "status"), [("candidate-null", 200), ("candidate-400", 400), ("candidate-500", 500)]
)
def test_the_first_candidate_may_miss(answering: Answering, name: str, status: int) -> None:
    api = answering(name)
    for first, second in (("/invoices/cfdi-errors", "/cfdi-errors"), ("/sat-lists", "/sat/lists")):
        missed = api.get(first)
        assert (missed.status_code, missed.json().get("data")) == (status, None)
        assert page(api, second)["data"]


def test_clients_without_documents_may_be_404(answering: Answering) -> None:
    api = answering()
    empty = {
        name for name in ids(page(api, "/clients", limit=100)["data"]) if not _papers(api, name)
    }
    assert empty
    api = answering("documents-404")
    assert api.get(f"/clients/{min(empty)}/support-documents").status_code == 404


def _papers(api: httpx.Client, client: str) -> Any:
    return page(api, f"/clients/{client}/support-documents")["data"]


def test_a_total_may_be_too_large(answering: Answering) -> None:
    body = page(answering("total-too-large"), "/clients", limit=100)
    assert body["total_results"] == len(ids(body["data"])) + 5
