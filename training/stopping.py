"""Ends a training loop at the next step when asked to (SIGTERM, SIGINT) or when its minutes are over."""

from __future__ import annotations

import signal
import time


class Clock:
    def __init__(self, minutes: float):
        self.until = time.time() + minutes * 60
        self.asked = False
        for s in (signal.SIGTERM, signal.SIGINT):
            signal.signal(s, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True

    @property
    def left(self) -> float:
        """Seconds."""
        return self.until - time.time()

    @property
    def over(self) -> bool:
        return self.asked or time.time() > self.until
