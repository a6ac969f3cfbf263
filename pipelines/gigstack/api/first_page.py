"""The first page of a list: its path, its parameters, and the page size that the API takes.

API: https://docs.gigstack.io
"""

from collections.abc import Callable, Mapping

from pipelines.foundation.errors import ApiError, UnavailableError
from pipelines.gigstack.api.client import ATTEMPTS, GigstackClient, RequestStats
from pipelines.gigstack.api.date_filters import Bounds, FirstPage, Shown
from pipelines.gigstack.api.envelope import Envelope
from pipelines.gigstack.api.records import is_array, records_of
from pipelines.gigstack.api.repeats import ids_in, names_in
from pipelines.gigstack.api.response_log import Origin
from pipelines.gigstack.api.timestamps import UPDATED_FIELDS, times_in
from pipelines.gigstack.endpoint_types import Pagination, Resource

REFUSED = (400, 422)
VALIDATION_CODES = frozenset(
    ("validation_failed", "invalid_request_body", "missing_required_field", "invalid_field_value")
)
SMALLER_PAGE_SIZES = (50, 25, 10)  # tried in turn when the API refuses a page size
PROBE_ATTEMPTS = 2
# what no API knows, to see what it does with it
UNKNOWN_PARAMETER: Mapping[str, str] = {"zzz": "1"}
UNKNOWN_CURSOR = "no-such-cursor"

Params = dict[str, str | int]


def refuses_parameters(error: ApiError) -> bool:
    """Whether the API may answer if it is asked with other parameters."""
    is_validation = error.code is None or error.code in VALIDATION_CODES
    return error.status in REFUSED and is_validation


def start_params(resource: Resource, page_size: int, team: str | None) -> Params:
    """The parameters of a list's first request; unpaged lists take no limit."""
    params: Params = {} if resource.pagination is Pagination.SINGLE else {"limit": page_size}
    if resource.pagination is Pagination.PAGE:
        params["page"] = 1
    return params | ({"team": team} if team else {})


async def probe_path(
    client: GigstackClient,
    resource: Resource,
    fill: Callable[[str], str],
    params: Params,
    request_stats: RequestStats,
) -> str:
    """The first candidate path that answers with a list; a single candidate is not probed.

    Raises:
        UnavailableError: No candidate answers with a list; the error is the last one's.
    """
    if len(resource.paths) == 1:
        return fill(resource.paths[0])
    known = client.findings.paths.get(resource.name)
    candidates = sorted(resource.paths, key=lambda path: path != known)
    last_error: ApiError = UnavailableError("no path answers with a list")
    for candidate in candidates:
        path = fill(candidate)
        try:
            envelope = await client.get(
                path, {**params, "limit": 1}, request_stats, attempts=PROBE_ATTEMPTS
            )
        except ApiError as error:
            last_error = error
        else:
            if is_array(envelope, resource):
                client.findings.paths[resource.name] = candidate
                return path
    raise UnavailableError(str(last_error), status=last_error.status, code=last_error.code)


def _sized(client: GigstackClient, resource: Resource, params: Params) -> Params:
    """The parameters with the page size that the API is known to take."""
    known = client.findings.page_sizes.get(resource.name)
    if known is None or "limit" not in params:
        return params
    return params | {"limit": min(int(params["limit"]), known)}


async def get_first_page(
    client: GigstackClient,
    resource: Resource,
    path: str,
    params: Params,
    request_stats: RequestStats,
    origin: Origin | None = None,
    attempts: int = ATTEMPTS,
    *,
    is_again: bool = False,
) -> tuple[Envelope, Params]:
    """The first page, and the parameters with the page size that the API takes for this resource.

    Raises:
        ApiError: The API refuses any page size, or the client raises.
    """
    params = _sized(client, resource, params)
    asked = int(params.get("limit", 0))
    sizes = [asked, *(size for size in SMALLER_PAGE_SIZES if size < asked)]
    for size in sizes:
        sized = params | ({"limit": size} if asked else {})
        try:
            envelope = await client.get(
                path, sized, request_stats, origin, attempts, is_again=is_again
            )
        except ApiError as error:
            if not refuses_parameters(error) or size == sizes[-1]:
                raise
        else:
            if size < asked:
                client.findings.page_sizes[resource.name] = size
            return envelope, sized
    raise AssertionError("the last size answers or raises")


async def show_first_page(
    client: GigstackClient,
    resource: Resource,
    path: str,
    params: Params,
    bounds: Bounds,
    request_stats: RequestStats,
) -> FirstPage:
    """What the first page within some bounds shows. Without bounds, the page size is found out.

    Raises:
        ApiError: Whatever the client raises, or a page that cannot be read.
    """
    if bounds:
        sized = _sized(client, resource, params) | bounds
        envelope = await client.get(path, sized, request_stats, attempts=PROBE_ATTEMPTS)
    else:
        envelope, _ = await get_first_page(
            client, resource, path, params, request_stats, attempts=PROBE_ATTEMPTS
        )
    records = records_of(envelope, resource)
    times = (times_in(records), times_in(records, UPDATED_FIELDS))
    shown = tuple(map(Shown, ids_in(records), *times))
    return FirstPage(tuple(names_in(records)), envelope.total, shown)
