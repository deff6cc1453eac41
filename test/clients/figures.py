"""Medians of rivals that take turns, and a table of ratios with their limits beside."""

from __future__ import annotations

import statistics
import time
from typing import Any, Callable


def clock(run: Callable[[], Any]) -> float:
    """Milliseconds until everything has been fetched."""
    started = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - started)


def medians(rivals: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Each rival's median. They take turns, so that a slow moment of the machine hits all of them,
    and the first of a round is another one each time. Two rounds before warm caches and plans.
    """
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    names = list(rivals)
    for turn in range(-2, rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            milliseconds = rivals[name]()
            if turn >= 0:
                taken[name].append(milliseconds)
    return {name: statistics.median(values) for name, values in taken.items()}


class Table:
    """Lines of: what, how much, against what, and whether the limit is kept."""

    missed = 0

    def head(self, title: str) -> None:
        print(f"\n{title}", flush=True)

    def line(self, what: str, value: str, note: str = "") -> None:
        print(f"  {what:<58} {value:>14}  {note}".rstrip(), flush=True)

    def figure(
        self,
        what: str,
        value: float,
        most: float | None = None,
        least: float | None = None,
        unit: str = "",
    ) -> None:
        """A figure, and the most or least it may be; neither: for comparison only."""
        kept = (most is None or value <= most) and (least is None or value >= least)
        self.missed += not kept
        note = f"limit <= {most:g}{unit}" if most is not None else ""
        note = f"limit >= {least:g}{unit}" if least is not None else note
        self.line(what, f"{value:.2f}{unit}", note + ("" if kept else "  MISSED"))
