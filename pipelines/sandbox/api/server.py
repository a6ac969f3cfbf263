"""The sandbox as an ASGI app: the API below `/v2`, its controls below `/_sandbox`."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from pipelines.sandbox.api.admin import Admin
from pipelines.sandbox.api.auth import Auth
from pipelines.sandbox.api.envelopes import ApiError, json_response, refuse
from pipelines.sandbox.api.faults import Faults, FaultyApp
from pipelines.sandbox.api.lists import Lists
from pipelines.sandbox.api.search import SEARCHES, search
from pipelines.sandbox.api.serving import serve_until_stopped
from pipelines.sandbox.api.singles import INVOICES, Singles
from pipelines.sandbox.api.traffic import CountingApp, Traffic
from pipelines.sandbox.api.variants.exchange import DEFAULT_THROTTLE
from pipelines.sandbox.api.variants.middleware import VariantApp, Variants
from pipelines.sandbox.simulation.account import Account

DATE_FILTERS = ("bracket", "underscore", "none")


def create_app(
    account: Account,
    *,
    date_filter: str = "bracket",
    latency_ms: float = 0,
    faults: tuple[str, ...] = (),
    fault_rate: float = 0.05,
    variants: tuple[str, ...] = (),
    throttle: tuple[int, float] = DEFAULT_THROTTLE,
) -> Starlette:
    """The API over an account.

    `date_filter` is the spelling of the creation filter that the account honours: `bracket`
    (`created[gte]`), `underscore` (`created_gte`) or `none`. `faults` are names of `faults.NAMES`,
    `variants` those of `variants.catalogue`; `throttle` is what the variants about it allow:
    requests, within so many seconds.
    """
    if date_filter not in DATE_FILTERS:
        raise ValueError(f"date_filter is {date_filter!r}; there are {', '.join(DATE_FILTERS)}")
    fault_plan = Faults(faults, fault_rate, account.seed)
    traffic = Traffic()
    auth = Auth(account)
    chosen = Variants(account, auth, variants, throttle)
    lists = Lists(account, auth, fault_plan, date_filter)
    return Starlette(
        routes=[
            Mount("/v2", routes=_api(lists)),
            Mount("/_sandbox", routes=Admin(account, fault_plan, chosen, traffic).routes),
        ],
        middleware=[
            Middleware(CountingApp, traffic, latency_ms),
            Middleware(FaultyApp, fault_plan),
            Middleware(VariantApp, chosen),
        ],
        exception_handlers={ApiError: refuse, 404: _no_such_path, 405: _wrong_method},
    )


def serve_forever(
    account: Account,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    on_ready: Callable[[str], None] | None = None,
    **options: Any,
) -> None:
    """Serve until interrupted. `options` are those of `create_app`; port 0 takes a free one."""
    serve_until_stopped(create_app(account, **options), host, port, on_ready)


def _api(lists: Lists) -> list[Route]:
    singles = Singles(lists)
    served = {one.path: one for one in lists.account.lists if one.path}
    whole = {path: lists.endpoint(one) for path, one in served.items()}
    fixed = {
        "/invoices/complements": _not_here,
        "/invoices/download/schedule": singles.schedule,
        "/invoices/download/schedule/history": singles.downloads,
        "/invoices/download/activate/status": singles.activation,
        "/teams/integrations": singles.integrations,
        "/teams/{id}": singles.team,
        "/teams/{id}/series": singles.series,
        "/teams/{id}/members": singles.members,
        "/teams/{id}/settings": singles.settings,
        "/invoices/sat/{id}": singles.sat_invoice,
        "/invoices/{id}/files": singles.files,
    }
    single = {
        f"{path}/{{id}}": singles.endpoint(one.name)
        for path, one in served.items()
        if one.is_single
    }
    documents = {
        "/clients/{id}/support-documents": singles.support_documents(("clients",)),
        "/invoices/{id}/support-documents": singles.support_documents(INVOICES),
        "/payments/{id}/support-documents": singles.support_documents(("payments",)),
    }
    searches = {path: search(lists, names) for path, names in SEARCHES.items()}
    # the busiest first: they are tried in turn
    every = whole | documents | fixed | searches | single
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in every.items()]


async def _not_here(_: Request) -> Response:
    raise ApiError(405, "operation_not_allowed", "Method not allowed")


async def _no_such_path(request: Request, _: Exception) -> Response:
    error = ApiError(404, "resource_not_found", f"Cannot {request.method} {request.url.path}")
    return json_response(error.body, 404)


async def _wrong_method(request: Request, _: Exception) -> Response:
    error = ApiError(405, "operation_not_allowed", f"{request.method} is not allowed here")
    return json_response(error.body, 405)
