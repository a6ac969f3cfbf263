"""Accounts for tests, all of the seed that `make test SEED=n` names."""

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.sandbox.simulation.account import Account
from pipelines.sandbox.storage import positions
from pipelines.sandbox.storage.store import Record

SEED = int(os.environ.get("SEED", "7"))


def create_account(path: Path, **parameters: Any) -> Account:
    """`Account.create` with the seed of this test run, unless another is given."""
    return Account.create(path, **{"seed": SEED} | parameters)


def add_object(
    account: Account,
    team: int,
    name: str,
    prefix: str,
    like: Record,
    days: int = 0,
    is_wanted: Callable[[int], bool] = lambda _: True,
) -> Record:
    """One more object of a list, created a minute and so many days ago, for the rest as the given
    one; at the first place that is wanted.
    """
    store, second = account.store, int(account.now.timestamp()) - 60 - days * 86_400
    place = next(filter(is_wanted, count(positions.position(team, name, second, 0))))
    record = like | {"id": positions.object_id(prefix, place), "created_at": second}
    if "uuid" in like:
        record["uuid"] = positions.uuid(place)
    store.begin()
    store.add(place, record)
    store.flush()
    store.commit()
    return record
