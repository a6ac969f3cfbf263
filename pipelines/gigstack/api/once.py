"""What is asked of the API once in a run, though many lists need it at the same time.

API: https://docs.python.org/3/library/asyncio-sync.html
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class OncePerResource(Generic[Found]):
    """What was found for each resource; whoever comes while it is asked for waits."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, resource: str, find: Callable[[], Awaitable[Found]]) -> Found:
        """What `find` returned for a resource. After an error the next one asks again.

        Raises:
            Exception: Whatever `find` raises.
        """
        async with self._locks[resource]:
            if resource not in self._found:
                self._found[resource] = await find()
        return self._found[resource]
