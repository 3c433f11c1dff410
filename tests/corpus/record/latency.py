"""Pipecat's own `UserBotLatencyObserver`, beside the recorder."""

from __future__ import annotations

import time

from pipecat.observers.user_bot_latency_observer import LatencyBreakdown, UserBotLatencyObserver


class LatencyLog:
    """Keeps what the observer reports, at each start of the bot's speech."""

    def __init__(self):
        self.observer = UserBotLatencyObserver(min_contribution_secs=0)
        self.reports: list[dict] = []
        self.observer.add_event_handler("on_latency_measured", self._measured)
        self.observer.add_event_handler("on_latency_breakdown", self._broken_down)

    async def _measured(self, _, seconds: float):
        self.reports.append({"wall": time.time_ns(), "latency": seconds, "parts": []})

    async def _broken_down(self, _, breakdown: LatencyBreakdown):
        if not self.reports or self.reports[-1]["parts"]:
            return  # the wait for a greeting
        self.reports[-1]["parts"] = [
            {"part": part.key, "owner": part.owner, "seconds": part.duration_secs} for part in breakdown.contributions
        ]
