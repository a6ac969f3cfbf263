"""One limit for a whole run, over all resources: requests in flight and requests per second.

API: https://aiolimiter.readthedocs.io
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

MIN_REQUESTS_PER_SECOND = 0.5  # a slower run would look like one that hangs
SUCCESSES_TO_RECOVER = 50


class RateLimiter:
    """Admits requests. A 429 halves the rate; a series of successes restores it step by step.

    `cuts` counts how often the rate was halved.
    """

    def __init__(self, max_concurrency: int, requests_per_second: float) -> None:
        self._in_flight = asyncio.Semaphore(max_concurrency)
        self._max_rate = requests_per_second
        self._successes = 0
        self.cuts = 0
        self.rate = self._clamp(requests_per_second)
        self._limiter = _limiter(self.rate)
        self._paused_until = 0.0

    def _clamp(self, rate: float) -> float:
        return min(max(rate, MIN_REQUESTS_PER_SECOND), self._max_rate)

    def _set_rate(self, rate: float) -> None:
        self.rate = self._clamp(rate)
        self._limiter = _limiter(self.rate)

    @asynccontextmanager
    async def request(self) -> AsyncIterator[int]:
        """Wait for a free slot, then for the rate; yields the number of cuts so far."""
        async with self._in_flight:
            await asyncio.sleep(self._paused_until - time.monotonic())
            await self._limiter.acquire()
            yield self.cuts

    def pause(self, seconds: float) -> None:
        """Admit nothing for some seconds, since the API says that it will not."""
        self._paused_until = time.monotonic() + seconds

    def throttled(self, cuts: int) -> None:
        """Halve the rate after a 429, once for all requests that were sent at the same rate."""
        if cuts == self.cuts:
            self.cuts += 1
            self._successes = 0
            self._set_rate(self.rate / 2)

    def succeeded(self) -> None:
        """Count a success; raise a reduced rate after every `SUCCESSES_TO_RECOVER`."""
        self._successes += 1
        if self.rate < self._max_rate and self._successes % SUCCESSES_TO_RECOVER == 0:
            self._set_rate(self.rate * 1.25)


def _limiter(rate: float) -> AsyncLimiter:
    # a burst is a tenth of a second's worth, so that the rate also holds within each second
    burst = max(1.0, rate / 10)
    return AsyncLimiter(burst, burst / rate)
