"""API keys of the sandbox, and which team a request acts for (gigstack Connect)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import msgspec

from pipelines.sandbox.api.envelopes import ApiError
from pipelines.sandbox.simulation.account import Account

_HEADER = {"alg": "RS256", "typ": "JWT"}


_TEAM_CLAIMS = ("team", "sub")


def key_for(
    account: Account,
    team: str | None = None,
    *,
    livemode: bool = True,
    claim: str = "team",
    is_opaque: bool = False,
) -> str:
    """A bearer token shaped like the API's: a JWT with claims team, livemode, key_id.

    `claim` is the one that names the team; an opaque key names nothing.
    """
    team = team or account.teams[0]
    prefix = "sk_live_" if livemode else "sk_test_"
    if is_opaque:
        return prefix + _signature(account, f"{prefix}{team}")[:40]
    claims = {claim: team, "livemode": livemode, "key_id": prefix + team[-6:]}
    content = f"{_part(_HEADER)}.{_part(claims)}"
    return f"{content}.{_signature(account, content)}"


class Auth:
    """Knows the keys of an account. Keys are checked once, then remembered."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: dict[str, int] = {}
        self._opaque = {
            key_for(account, team, livemode=livemode, is_opaque=True): number
            for number, team in enumerate(account.teams)
            for livemode in (True, False)
        }

    def own_team(self, authorization: str | None) -> int:
        """The number of the team that the key belongs to."""
        number = self._known.get(authorization or "")
        if number is None:
            number = self._check(authorization or "")
            self._known[authorization or ""] = number
        return number

    def team(self, authorization: str | None, asked: str | None) -> int:
        """The number of the team that a request is about: `team=`, else the key's own."""
        own = self.own_team(authorization)
        if asked is None:
            return own
        number = self._account.team_number(asked)
        if number is None:
            raise ApiError(403, "forbidden", f"No access to team {asked}")
        return number

    def _check(self, authorization: str) -> int:
        scheme, _, key = authorization.partition(" ")
        if scheme == "Bearer" and key in self._opaque:
            return self._opaque[key]
        content, _, signature = key.rpartition(".")
        if scheme != "Bearer" or signature != _signature(self._account, content):
            raise ApiError(401, "unauthorized", "Invalid or missing API key", is_flat=True)
        claims: dict[str, Any] = msgspec.json.decode(_decoded(content.split(".")[1]))
        team = next((claims[claim] for claim in _TEAM_CLAIMS if claim in claims), "")
        number = self._account.team_number(team)
        if number is None:
            raise ApiError(401, "invalid_token", "Invalid or missing API key", is_flat=True)
        return number


def _part(value: object) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _signature(account: Account, content: str) -> str:
    return sha256(f"{account.seed}:{content}".encode()).hexdigest()
