"""Whether an API that is asked for another team answers with the lists of the key's own.

Most records say their team, and are compared one by one. Some do not; their lists must then begin
otherwise than the key's own. API: https://docs.gigstack.io
"""

from collections.abc import Awaitable, Callable, Sequence

from pipelines.foundation.errors import ApiError
from pipelines.gigstack.api.once import OncePerResource
from pipelines.gigstack.endpoint_types import Resource

FetchIds = Callable[[], Awaitable[Sequence[str]]]


class OwnLists:
    """The ids on the first page of the key's own lists, each asked for once in a run."""

    def __init__(self) -> None:
        self._own: OncePerResource[Sequence[str]] = OncePerResource()

    async def refuse(self, resource: Resource, ids: Sequence[str], fetch_own: FetchIds) -> None:
        """Refuse the first page of another team's list if the key's own list begins like it.

        Raises:
            ApiError: It does, or the own list cannot be read.
        """
        if not ids:
            return
        own = await self._own.get(resource.name, fetch_own)
        if own and ids[0] == own[0]:
            raise ApiError("the API answers with the records of the key's own team")
