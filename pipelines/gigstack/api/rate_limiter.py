"""One budget for a whole run: requests in flight and requests per second, over all streams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

MIN_REQUESTS_PER_SECOND = 0.5  # requests per second; less would look like a standstill
SUCCESSES_TO_RECOVER = 50


class RateLimiter:
    """Grants requests. A 429 halves the rate; a run of successes brings it back step by step."""

    def __init__(self, max_concurrency: int, requests_per_second: float) -> None:
        self._in_flight = asyncio.Semaphore(max_concurrency)
        self._ceiling = requests_per_second
        self._successes = 0
        self.cuts = 0
        self._set_rate(requests_per_second)

    def _set_rate(self, rate: float) -> None:
        self.rate = min(max(rate, MIN_REQUESTS_PER_SECOND), self._ceiling)
        # the burst is a tenth of a second's worth, so that the rate holds within each second too
        burst = max(1.0, self.rate / 10)
        self._limiter = AsyncLimiter(burst, burst / self.rate)

    @asynccontextmanager
    async def request(self) -> AsyncIterator[int]:
        """Wait for a place, then for the rate; yields the number of cuts so far."""
        async with self._in_flight:
            await self._limiter.acquire()
            yield self.cuts

    def throttled(self, cuts: int) -> None:
        """Halve the rate, once for all requests that were sent at the rate before."""
        if cuts == self.cuts:
            self.cuts += 1
            self._successes = 0
            self._set_rate(self.rate / 2)

    def succeeded(self) -> None:
        self._successes += 1
        if self.rate < self._ceiling and self._successes % SUCCESSES_TO_RECOVER == 0:
            self._set_rate(self.rate * 1.25)
