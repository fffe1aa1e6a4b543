"""The only place that reads the time and sleeps, so that tests can move it."""

import asyncio
import time
from typing import NamedTuple


class Moment(NamedTuple):
    """A reading of both clocks."""

    wall: float
    monotonic: float

    def since(self, earlier: "Moment") -> float:
        """Seconds from `earlier` to this moment.

        The larger of what the two clocks say: the wall clock can be set back, and the monotonic one stands still while a
        machine sleeps. Whatever is kept for a time must not be kept longer for either reason.
        """
        return max(self.wall - earlier.wall, self.monotonic - earlier.monotonic)


class Clock:
    """The system's time. Pass a subclass to a client to move time in tests of your own."""

    def time(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment; never set back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Waits without blocking the event loop."""
        await asyncio.sleep(seconds)

    def now(self) -> Moment:
        """Both readings."""
        return Moment(self.time(), self.monotonic())
