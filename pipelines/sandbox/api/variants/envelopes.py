"""Other envelopes around the same rows."""

from pipelines.sandbox.api.envelopes import ApiError
from pipelines.sandbox.api.variants.exchange import Exchange, Variant, answered
from pipelines.sandbox.storage.store import Record

_CAMEL_CASE = {
    "has_more": "hasMore",
    "next": "nextCursor",
    "next_cursor": "nextCursor",
    "total_results": "totalResults",
    "total_count": "totalCount",
}
_TOTALS = ("total", "total_results", "total_count", "totalResults", "totalCount")
_WORDS = (*_CAMEL_CASE, *_CAMEL_CASE.values(), *_TOTALS, "page", "limit")
_CANDIDATES = {  # each with the path that holds the list as a rule
    "/invoices/errors": "/invoices/cfdi-errors",
    "/cfdi-errors": "/invoices/cfdi-errors",
    "/sat/lists": "/sat-lists",
}


def _take_words(exchange: Exchange) -> Record:
    """The words about paging, taken out of the envelope."""
    body = exchange.body
    return {name: body.pop(name) for name in _WORDS if name in body}


@answered("the words about paging are hasMore, nextCursor, totalResults")
def camel_case(exchange: Exchange) -> None:
    for name, other in _CAMEL_CASE.items():
        if exchange.shown and name in exchange.body:
            exchange.body[other] = exchange.body.pop(name)


def _nested(name: str) -> Variant:
    @answered(f"the words about paging stand below `{name}`")
    def nested(exchange: Exchange) -> None:
        if exchange.shown and (words := _take_words(exchange)):
            exchange.body[name] = words

    return nested


@answered("a page says nothing about going on, but the total")
def silent(exchange: Exchange) -> None:
    if exchange.shown and exchange.shown.total:
        _take_words(exchange)
        exchange.body[exchange.shown.total] = exchange.count


@answered("a page says nothing about going on, and no total")
def silent_without_total(exchange: Exchange) -> None:
    if exchange.shown:
        _take_words(exchange)


@answered("the list and the words about paging stand below `data`, the list as `data.data`")
def data_in_data(exchange: Exchange) -> None:
    if exchange.shown:
        words = _take_words(exchange)
        exchange.body["data"] = {"data": exchange.data, **words}


@answered("the list stands under the last word of its path, such as `clients`, in place of `data`")
def renamed_list(exchange: Exchange) -> None:
    if exchange.shown:
        exchange.body[exchange.segments[-1]] = exchange.body.pop("data")


@answered("the body of a list is a bare array")
def bare_array(exchange: Exchange) -> None:
    if exchange.shown:
        exchange.body = exchange.data


@answered("an empty list is answered with 204 and no body")
def empty_204(exchange: Exchange) -> None:
    if exchange.is_empty:
        exchange.status = 204


@answered("series are {series: […]}, integrations a list of {id, completed}")
def other_shapes(exchange: Exchange) -> None:
    if exchange.segments[-1] == "series":
        data = exchange.data
        rows = [{"series": name, **row} for name, row in data.items()] if _is_map(data) else data
        exchange.body["data"] = {"series": rows}
    elif exchange.path == "/teams/integrations":
        exchange.body["data"] = [{"id": name, **row} for name, row in exchange.data.items()]


def _is_map(data: object) -> bool:
    return isinstance(data, dict)


@answered("404 for the documents of a client that has none")
def documents_404(exchange: Exchange) -> None:
    if exchange.segments[-1] == "support-documents" and exchange.is_empty:
        raise ApiError(404, "resource_not_found", "No support documents")


@answered("/clients counts 5 more than there are")
def total_too_large(exchange: Exchange) -> None:
    if exchange.path == "/clients":
        exchange.body["total_results"] = exchange.count + 5


def _candidate(about: str, status: int) -> Variant:
    """The first path of a list whose path is unknown misses; the others hold it."""

    def asked(exchange: Exchange) -> None:
        if exchange.path in _CANDIDATES:
            exchange.segments = _CANDIDATES[exchange.path].strip("/").split("/")
        elif status != 200 and exchange.path in _CANDIDATES.values():
            raise ApiError(status, "internal_server_error", "Cannot read this path")

    def answered(exchange: Exchange) -> None:
        if status == 200 and exchange.asked_path in _CANDIDATES.values():
            exchange.body = {"message": "OK", "data": None}

    paths = "/invoices/cfdi-errors and /sat-lists"
    return Variant(f"{paths} answer {about}; the next candidates hold the lists", asked, answered)


VARIANTS = {
    "documents-404": documents_404,
    "other-shapes": other_shapes,
    "candidate-null": _candidate("200 with `data: null`", 200),
    "candidate-400": _candidate("400", 400),
    "candidate-500": _candidate("500", 500),
    "total-too-large": total_too_large,
    "empty-204": empty_204,
    "camel-case-paging": camel_case,
    "nested-paging": _nested("pagination"),
    "nested-paging-in-meta": _nested("meta"),
    "silent-paging": silent,
    "silent-paging-without-total": silent_without_total,
    "data-in-data": data_in_data,
    "renamed-list": renamed_list,
    "bare-array": bare_array,
}
