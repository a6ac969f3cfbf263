"""Finds out what an account is like, with a few harmless requests: the `check` command.

Settles at run time what is not known of the API: which lists answer, how they are paged, which
spelling of the creation filter is honoured, how far the clocks are apart.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.foundation.errors import (
    AuthenticationError,
    GigstackError,
    NothingReadError,
    UnavailableError,
)
from pipelines.gigstack.api.client import Envelope, GigstackClient, Meter, connected
from pipelines.gigstack.api.date_filters import Bounds, honoured
from pipelines.gigstack.api.paginators import Params, count_of, probe_path, records_of, start_params
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.endpoints import STREAMS, Dialect, Scope, Stream, Window
from pipelines.gigstack.extract.documents import ids_of
from pipelines.gigstack.settings import Settings


@dataclass(frozen=True)
class Finding:
    """What one stream of one team looks like. `rows` is what the API claims, unfiltered."""

    team_id: str
    stream: str
    status: str  # ok, unavailable or failed
    path: str
    paging: str = ""
    rows: int | None = None
    date_filter: str = ""
    note: str = ""


@dataclass(frozen=True)
class Checkup:
    """What `check` found. `clock_skew_seconds` is the API's clock minus this machine's."""

    key_team: str
    teams: tuple[str, ...]
    clock_skew_seconds: float | None
    findings: list[Finding]
    requests: int


async def check_account(settings: Settings, streams: Sequence[Stream]) -> Checkup:
    """Ask every stream of every team once or a few times; changes nothing.

    Errors: AuthenticationError when the key is refused; NothingReadError; ConfigurationError.
    """
    meter = Meter()
    key_team, teams = await find_teams(settings, meter)
    async with connected(settings) as client:
        findings = await asyncio.gather(
            *(
                _probe(client, stream, team, key_team, meter)
                for stream in streams
                for team in (teams if stream.scope is not Scope.KEY else (key_team,))
            )
        )
    if findings and all(finding.status == "failed" for finding in findings):
        raise NothingReadError(f"Nothing could be read. {findings[0].note}")
    return Checkup(key_team, teams, client.clock_skew, list(findings), meter.requests)


async def _probe(
    client: GigstackClient, stream: Stream, team: str, key_team: str, meter: Meter
) -> Finding:
    asked = None if team == key_team else team
    path = stream.paths[0]
    try:
        parent = await _some_parent(client, stream, asked, meter)
        if stream.scope is Scope.PARENT and parent is None:
            return Finding(team, stream.name, "ok", path, note="no parent to ask about")
        params = start_params(stream, 1, asked)
        path = await probe_path(
            client,
            stream.paths,
            lambda path: path.replace("{team}", team).replace("{parent}", parent or ""),
            params,
            meter,
        )
        envelope = await client.get(path, params, meter)
        date_filter = await _date_filter(client, stream, path, params, meter)
    except AuthenticationError:
        raise
    except UnavailableError as error:
        return Finding(team, stream.name, "unavailable", path, note=str(error))
    except GigstackError as error:
        return Finding(team, stream.name, "failed", path, note=str(error))
    rows = _rows(envelope, stream)
    return Finding(team, stream.name, "ok", path, _paging(envelope, stream), rows, date_filter)


async def _some_parent(
    client: GigstackClient, stream: Stream, asked: str | None, meter: Meter
) -> str | None:
    """The id of one object whose documents can be asked for."""
    if stream.scope is not Scope.PARENT:
        return None
    parents = next(s for s in STREAMS.values() if s.entity == stream.parents)
    envelope = await client.get(parents.paths[0], start_params(parents, 1, asked), meter)
    ids = ids_of(records_of(envelope, parents))
    return ids[0] if ids else None


async def _date_filter(
    client: GigstackClient, stream: Stream, path: str, params: Params, meter: Meter
) -> str:
    """The spelling of the date filter that the list honours, if it knows of one."""
    window = stream.window or (Window.CREATED if stream.created_filter else None)
    if window is None:
        return ""

    async def is_empty(bounds: Bounds) -> bool:
        return not count_of(await client.get(path, {**params, **bounds}, meter), stream)

    spelling = await honoured(window, is_empty)
    return spelling.name if spelling else "not honoured"


def _rows(envelope: Envelope, stream: Stream) -> int | None:
    if stream.dialect is Dialect.SINGLE:
        return count_of(envelope, stream)
    totals = (envelope.total_results, envelope.total_count, envelope.total)
    return next((total for total in totals if total is not None), None)


def _paging(envelope: Envelope, stream: Stream) -> str:
    if stream.dialect in (Dialect.SINGLE, Dialect.PAGE):
        return str(stream.dialect.value)
    if envelope.next_cursor:
        return str(Dialect.CURSOR.value)
    if envelope.next:
        return "starting_after" if stream.dialect is Dialect.STARTING_AFTER else "next"
    return "one page" if not envelope.has_more else "no cursor given"
