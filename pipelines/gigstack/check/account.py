"""Finds out what an account's API is like, with a few harmless requests: the `check` command.

It settles before the first load what is not known of the API, and what a load does about it.
API: https://docs.gigstack.io
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.foundation.errors import ApiError, AuthenticationError, NothingReadError
from pipelines.gigstack.api.change_filters import ChangeFilters
from pipelines.gigstack.api.client import GigstackClient, RequestStats, open_client
from pipelines.gigstack.api.date_filters import DateFilters
from pipelines.gigstack.api.findings import Findings
from pipelines.gigstack.api.first_page import UNKNOWN_CURSOR, UNKNOWN_PARAMETER
from pipelines.gigstack.api.responses import RATE_WORDS
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.check.resource import ResourceCheck, ResourceChecker
from pipelines.gigstack.endpoint_types import Resource, Scope
from pipelines.gigstack.endpoints import RESOURCES
from pipelines.gigstack.settings import Settings, decode_jwt

PROBED_PATH = "/teams"


@dataclass(frozen=True)
class AccountCheck:
    """What is true of the whole account. Times are UTC; None where the key does not say it.

    `odd_parameter` and `odd_cursor` say what the API does with one that it does not know.
    `rate_headers` are the names and values of headers that announce a limit.
    """

    livemode: bool | None
    key_expires_at: datetime | None
    odd_parameter: str
    odd_cursor: str
    rate_headers: dict[str, str]


@dataclass(frozen=True)
class CheckResult:
    """The check of an account. `clock_skew_seconds` is the API's clock minus this machine's.

    `unreachable` are the teams none of whose lists answers, each with the first reason. `kept` is
    what later loads read.
    """

    key_team: str
    teams: tuple[str, ...]
    clock_skew_seconds: float | None
    account: AccountCheck
    findings: list[ResourceCheck]
    unreachable: dict[str, str]
    kept: Findings
    requests: int


async def check_account(settings: Settings, resources: Sequence[Resource]) -> CheckResult:
    """Check each resource of each team with a few requests; nothing is changed.

    Raises:
        AuthenticationError: The API refuses the key.
        ConfigurationError: Neither the key nor the API says which team is the key's own.
        NothingReadError: Every resource fails.
    """
    request_stats = RequestStats()
    key_team, teams = await find_teams(settings, request_stats)
    async with open_client(settings) as client:
        account = await _check_account(client, settings, request_stats)
        checker = ResourceChecker(
            client,
            request_stats,
            DateFilters(client.findings),
            ChangeFilters(client.findings),
            settings.page_size,
            key_team,
            teams,
        )
        checks = await asyncio.gather(
            *(
                checker.check(resource, team)
                for resource in resources
                for team in (teams if resource.scope is not Scope.KEY else (key_team,))
            )
        )
    _raise_if_nothing_answers(checks)
    client.findings.checked_at = datetime.now(UTC)
    return CheckResult(
        key_team,
        teams,
        client.clock_skew,
        account,
        list(checks),
        _unreachable(teams, checks),
        client.findings,
        request_stats.requests,
    )


def _unreachable(teams: Sequence[str], checks: Sequence[ResourceCheck]) -> dict[str, str]:
    by_team = {
        team: [
            c for c in checks if c.team_id == team and RESOURCES[c.stream].scope is not Scope.KEY
        ]
        for team in teams
    }
    return {
        team: of_team[0].note
        for team, of_team in by_team.items()
        if of_team and all(check.status != "ok" for check in of_team)
    }


def _raise_if_nothing_answers(checks: Sequence[ResourceCheck]) -> None:
    if checks and all(check.status == "failed" for check in checks):
        raise NothingReadError(f"Nothing could be read. {checks[0].note}")


async def _check_account(
    client: GigstackClient, settings: Settings, request_stats: RequestStats
) -> AccountCheck:
    """Ask for the teams with a parameter and with a cursor that do not exist.

    Raises:
        AuthenticationError: The API refuses the key.
    """
    claims = decode_jwt(settings.api_key)
    headers: dict[str, str] = {}
    answers = []
    for odd in (UNKNOWN_PARAMETER, {"next": UNKNOWN_CURSOR}):
        try:
            answer = await client.get_answer(PROBED_PATH, {"limit": 1, **odd}, request_stats)
        except AuthenticationError:
            raise
        except ApiError as error:
            answers.append(f"refused ({error.status or 'no answer'})")
        else:
            answers.append("ignored")
            headers |= answer.headers
    words = (*RATE_WORDS, "retry-after")
    announced = {n: v for n, v in headers.items() if any(word in n for word in words)}
    expires_at = datetime.fromtimestamp(claims.exp, UTC) if claims.exp else None
    return AccountCheck(claims.livemode, expires_at, answers[0], answers[1], announced)
