"""When a request is sent again, and after how long. No I/O.

A refusal before any work was done may be repeated whatever was asked. When it is not known whether the first request was carried
out, it depends on the call.
"""

import random
from typing import Optional

import httpx

from ._answers import problem_of, retry_after
from ._calls import Repeat
from ._time import Clock

FIRST_PAUSE = 0.2
"""Seconds; doubles with each try."""
LONGEST_PAUSE = 5.0
"""Seconds. If DevAuth asks for more, the caller gets the error and decides."""
SOON = 5.0
"""Seconds, within DevAuth's grace for refresh tokens, which is 10 s unless configured."""


class Attempts:
    """The tries of one call."""

    def __init__(self, repeat: Repeat, max_retries: int, clock: Clock) -> None:
        self._repeat = repeat
        self._left = max_retries
        self._clock = clock
        self._began = clock.now()
        self._pause = FIRST_PAUSE

    def after_failure(self, error: httpx.RequestError) -> Optional[float]:
        """Seconds to wait after a try without an answer; None to give up."""
        # In these cases not a byte of the request had left.
        never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        return self._again(never_sent, None)

    def after_answer(self, response: httpx.Response) -> Optional[float]:
        """Seconds to wait after an answer; None to take it."""
        if response.status_code not in (429, 503):
            return None
        problem = problem_of(response)
        code = problem.code if problem else ""
        if code.startswith("account_"):
            # Locked: another try can't succeed and looks like guessing.
            return None
        return self._again(response.status_code == 429 or code == "busy", retry_after(response))

    def _again(self, refused_before_work: bool, asked: Optional[float]) -> Optional[float]:
        if self._left <= 0 or not (refused_before_work or self._may_repeat()):
            return None
        if asked is not None and asked > LONGEST_PAUSE:
            return None
        self._left -= 1
        # Jitter keeps those who were refused together from coming back together.
        jittered = self._pause * random.uniform(0.5, 1.0)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return jittered if asked is None else asked + jittered

    def _may_repeat(self) -> bool:
        if self._repeat is Repeat.SOON:
            return self._clock.now().since(self._began) < SOON
        return self._repeat is Repeat.ALWAYS
