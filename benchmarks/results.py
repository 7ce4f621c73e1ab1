"""Print a suite's results.json as Markdown: what ``docs/results.md`` shows.

``embodied suite kitchen --seeds 0-2 --out out/kitchen`` first, then ``benchmarks/results.py out/kitchen``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from figures import PACKAGES, parser

from embodied.errors import EmbodiedError
from embodied.packages import DISTRIBUTION
from embodied.suite.results import Results, read_results
from embodied.suite.tally import Tally

HEAD = ("n", "success", "Wilson 95 %", "steps", "robot's s", "wall s", "failed")


def main() -> int:
    """Parse the arguments and print."""
    options = parser(__doc__)
    options.add_argument("directory", type=Path, help="where a suite has left its results")
    try:
        results = read_results(options.parse_args().directory)
    except EmbodiedError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(_page(results)))
    return 0


def _page(results: Results) -> Iterator[str]:
    disturbed = ", disturbed" if results.disturbed else ""
    began = f"{results.started[:10]}, {len(results.episodes)} of {results.planned} episodes"
    yield f"Suite `{results.suite}`{disturbed}, planner {results.planner} (tier {results.tier}), begun {began}."
    named = [name for name in (DISTRIBUTION, "python", *PACKAGES, "open3d-cpu") if name in results.versions]
    yield from (f"Run with {', '.join(f'{name} {results.versions[name]}' for name in named)}.", "")
    yield from _table("all", {results.suite: results.total})
    yield from _table("split", results.splits)
    yield from _table("family", results.families)
    yield from _table("task", {each.task: each.tally for each in results.tasks})
    broken, spoilt = results.total.limits_broken, results.total.spoilt
    yield f"Episodes that broke a limit of speed or force: {broken}; spoilt by the machine or a fault: {spoilt}."


def _table(name: str, tallies: Mapping[str, Tally]) -> Iterator[str]:
    yield f"| {name} | " + " | ".join(HEAD) + " |"
    yield "|---" * (len(HEAD) + 1) + "|"
    for key, tally in tallies.items():
        yield f"| {key} | " + " | ".join(_cells(tally)) + " |"
    yield ""


def _cells(tally: Tally) -> Iterator[str]:
    yield str(tally.n)
    yield f"{100 * tally.share:.1f} %"
    yield f"{100 * tally.low:.1f} to {100 * tally.high:.1f} %"
    for value in (tally.steps, tally.simulated_s, tally.wall_s):
        yield "" if value is None else f"{value:.1f}"
    yield "; ".join(f"{number} {reason}" for reason, number in tally.failures.items())


if __name__ == "__main__":
    sys.exit(main())
