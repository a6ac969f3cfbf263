"""Whether an API that is asked for another team answers with the lists of the key's own.

Most records say their team, and are compared one by one. Some do not; their lists must then begin
otherwise than the key's own. API: https://docs.gigstack.io
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.endpoint_types import Resource

FetchIds = Callable[[], Awaitable[Sequence[str]]]


class OwnLists:
    """The ids on the first page of the key's own lists, each asked for once in a run."""

    def __init__(self) -> None:
        self._found: dict[str, Sequence[str]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def refuse(self, resource: Resource, ids: Sequence[str], fetch_own: FetchIds) -> None:
        """Refuse the first page of another team's list if the key's own list begins like it.

        Raises:
            ApiError: It does, or the own list cannot be read.
        """
        if not ids:
            return
        async with self._locks[resource.name]:
            if resource.name not in self._found:
                self._found[resource.name] = await fetch_own()
        own = self._found[resource.name]
        if own and ids[0] == own[0]:
            raise ApiError("the API answers with the records of the key's own team")
