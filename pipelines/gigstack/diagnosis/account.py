"""Finds out how the API answers to a key, for a file that can be attached to a public issue.

It asks each list for a page, and keeps nothing of the records but what they are made of.
API: https://docs.gigstack.io
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pipelines.gigstack.api.client import RequestStats, open_client
from pipelines.gigstack.api.teams import find_teams
from pipelines.gigstack.diagnosis.requests import Asked
from pipelines.gigstack.diagnosis.resource import Examiner, ResourceDiagnosis
from pipelines.gigstack.endpoint_types import Resource, Scope
from pipelines.gigstack.settings import BASE_URL, MODES, Settings, decode_jwt

SECONDS_A_DAY = 86_400


@dataclass
class Diagnosis:
    """What can be told of an account without a word of its own."""

    program: dict[str, str]
    base_url: str
    key: dict[str, Any]
    clock_skew_seconds: int | None
    teams: dict[str, int | None]
    requests: int
    odd_requests: dict[str, Asked]
    resources: list[ResourceDiagnosis]


@dataclass(frozen=True)
class DiagnosisResult:
    """A diagnosis, and the reasons of what failed, which are for the terminal alone."""

    diagnosis: Diagnosis
    reasons: dict[str, str]

    @property
    def is_nothing_read(self) -> bool:
        statuses = {one.status for one in self.diagnosis.resources}
        return bool(self.reasons) and not statuses & {"ok", "unavailable"}


async def diagnose_account(
    settings: Settings, resources: Sequence[Resource], *, is_for_all_teams: bool = False
) -> DiagnosisResult:
    """Ask each resource of the first team, or of all that are set; nothing is changed.

    Raises:
        AuthenticationError: The API refuses the key when asked for its teams.
        ConfigurationError: Neither the key nor the API says which team is the key's own.
        NothingReadError: Nobody answers.
    """
    request_stats = RequestStats()
    key_team, teams = await find_teams(settings, request_stats)
    teams = teams if is_for_all_teams else teams[:1]
    async with open_client(settings) as client:
        examiner = Examiner(client, request_stats, settings.page_size, key_team, teams)
        found = [
            await examiner.examine(resource, team)
            for team in teams
            for resource in resources
            if team == teams[0] or resource.scope is not Scope.KEY
        ]
        odd_requests = await examiner.ask_oddly(found)
    diagnosis = Diagnosis(
        program=_program(),
        base_url=kind_of_address(settings.base_url),
        key=_key(settings.api_key),
        clock_skew_seconds=None if client.clock_skew is None else round(client.clock_skew),
        teams={"asked": len(teams), "listed": _listed_teams(found)},
        requests=request_stats.requests,
        odd_requests=odd_requests,
        resources=found,
    )
    return DiagnosisResult(diagnosis, examiner.reasons)


def _listed_teams(found: Sequence[ResourceDiagnosis]) -> int | None:
    """How many teams the list of teams holds on its first page, if it was asked for."""
    listed = [one.requests[-1].records for one in found if one.resource == "teams"]
    return listed[0] if listed else None


def _program() -> dict[str, str]:
    return {
        "gigstack-etl": version("gigstack-etl"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def kind_of_address(base_url: str) -> str:
    """The documented address; any other one may name its owner."""
    if base_url == BASE_URL:
        return base_url
    host = urlsplit(base_url).hostname or ""
    try:
        is_loopback = ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    return "loopback" if is_loopback else "another"


def _key(api_key: str) -> dict[str, Any]:
    claims = decode_jwt(api_key)
    days = claims.exp and (claims.exp - datetime.now(UTC).timestamp()) // SECONDS_A_DAY
    return {
        "mode": "unknown" if claims.livemode is None else MODES[claims.livemode],
        "names_team": claims.team is not None,
        "days_until_expiry": None if days is None else int(days),
    }
