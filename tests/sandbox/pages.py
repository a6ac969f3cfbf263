"""Reading the answers of a sandbox whose variants a test sets."""

from collections.abc import Callable
from typing import Any

import httpx

from pipelines.sandbox.simulation.account import Account

Answering = Callable[..., httpx.Client]


def page(api: httpx.Client, path: str, **params: Any) -> Any:
    return api.get(path, params=params).raise_for_status().json()


def ids(rows: list[Any]) -> list[str]:
    return [row["id"] for row in rows if row]


def since(account: Account, days: float) -> int:
    return int(account.now.timestamp() - days * 86_400)
