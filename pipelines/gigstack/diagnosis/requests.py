"""One request of a diagnosis, and what can be shown of its answer. API: https://docs.gigstack.io"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.foundation.errors import ApiError, TransientError
from pipelines.gigstack.api.client import GigstackClient, RequestStats
from pipelines.gigstack.api.envelope import CURSOR_WORDS, MORE_WORDS
from pipelines.gigstack.api.first_page import PROBE_ATTEMPTS, Params
from pipelines.gigstack.api.paths import fill_path
from pipelines.gigstack.diagnosis.disclosure import error_code, header_value, shown_header_name
from pipelines.gigstack.diagnosis.envelopes import (
    NO_RECORDS,
    count_elements,
    describe_envelope,
    find_list,
)
from pipelines.gigstack.endpoint_types import Resource

SHOWN_PARAMETERS = ("limit", "page")


@dataclass
class Asked:
    """A request and its answer, as far as they may be shown. `status` is None without an answer.

    `headers` are all names, with the values of those about the transfer and about limits.
    """

    path: str
    parameters: dict[str, Any]
    status: int | None = None
    error_code: str | None = None
    problem: str | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    envelope: dict[str, Any] = field(default_factory=dict)
    list_at: str | None = None
    is_list_where_a_load_reads_it: bool | None = None
    records: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a request: the part to show, the records, and the error; these two stay here."""

    asked: Asked
    records: bytes = NO_RECORDS
    error: ApiError | None = None

    @property
    def is_read(self) -> bool:
        return bool(self.asked.is_list_where_a_load_reads_it)

    @property
    def has_no_answer(self) -> bool:
        return isinstance(self.error, TransientError) and self.error.status is None


async def ask(
    client: GigstackClient,
    request_stats: RequestStats,
    resource: Resource,
    template: str,
    ids: Mapping[str, str],
    params: Params,
) -> Outcome:
    """Ask for a page of a resource; `template` is its path, and is shown without the ids."""
    asked = Asked(template, {name: _shown(name, value) for name, value in params.items()})
    try:
        path = fill_path(template, **ids)
        answer = await client.get_answer(path, params, request_stats, PROBE_ATTEMPTS)
    except ApiError as error:
        asked.status, asked.error_code = error.status, error_code(error.code)
        asked.headers, asked.problem = _shown_headers(error.headers), _problem(error)
        return Outcome(asked, error=error)
    asked.status = answer.status
    asked.headers = _shown_headers(answer.headers)
    asked.envelope = describe_envelope(answer, resource)
    found = find_list(answer, resource)
    asked.list_at, asked.is_list_where_a_load_reads_it = found.place, found.is_read
    asked.records = count_elements(found.records)
    return Outcome(asked, found.records)


def _shown_headers(headers: Mapping[str, str]) -> dict[str, str | None]:
    return {shown_header_name(name): header_value(name, value) for name, value in headers.items()}


def _shown(name: str, value: str | int) -> str | int:
    return value if name in SHOWN_PARAMETERS else f"{{{name}}}"


def _problem(error: ApiError) -> str | None:
    """What kept an answer from being read; its status says it where the API refused."""
    if error.status is not None:
        return None if error.status >= 300 else "the answer says that it failed, or is not JSON"
    if isinstance(error, TransientError):
        return "no answer"
    unread = [w for w in (*CURSOR_WORDS, *MORE_WORDS) if f"the answer's {w} is " in str(error)]
    return f"{unread[0]} cannot be read" if unread else "the answer was not read to its end"
