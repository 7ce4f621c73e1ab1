"""Print a suite's results.json as Markdown: what ``docs/results.md`` shows.

``embodied suite kitchen --seeds 0-2 --out out/kitchen`` first, then ``benchmarks/results.py out/kitchen``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from figures import PACKAGES, parser

from embodied.episode import read_episode
from embodied.errors import EmbodiedError
from embodied.language import LANGUAGES
from embodied.packages import DISTRIBUTION
from embodied.statistics import wilson_interval
from embodied.suite.record import Record
from embodied.suite.results import Results, read_results
from embodied.suite.tally import Tally, tally

REFUSING = "refusing"
"""The family of tasks that must be refused."""
HEAD = ("n", "success", "Wilson 95 %", "steps", "robot's s", "wall s", "failed")


def main() -> int:
    """Parse the arguments and print."""
    options = parser(__doc__)
    options.add_argument("directory", type=Path, help="where a suite has left its results")
    directory = options.parse_args().directory
    try:
        print("\n".join(_page(read_results(directory), directory)))
    except EmbodiedError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _page(results: Results, directory: Path) -> Iterator[str]:
    disturbed = ", disturbed" if results.disturbed else ""
    began = f"{results.started[:10]}, {len(results.episodes)} of {results.planned} episodes"
    yield f"Suite `{results.suite}`{disturbed}, planner {results.planner} (tier {results.tier}), begun {began}."
    named = [name for name in (DISTRIBUTION, "python", *PACKAGES) if name in results.versions]
    yield from (f"Run with {', '.join(f'{name} {results.versions[name]}' for name in named)}.", "")
    yield from _table("all", {results.suite: results.total})
    yield from _table("split", results.splits)
    yield from _table("family", results.families)
    yield from _table("asked in", {each: tally(_asked_in(each, results.episodes)) for each in LANGUAGES})
    yield from _table("task", {each.task: each.tally for each in results.tasks})
    broken, spoilt = results.total.limits_broken, results.total.spoilt
    yield f"Episodes that broke a limit of speed or force: {broken}; spoilt by the machine or a fault: {spoilt}."
    yield f"Must not be refused, and was: {_refused_in_vain(results.episodes)}."
    yield f"Replies that are no command: {_not_commands(results.episodes, directory)}."


def _asked_in(language: str, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.language == language]


def _refused_in_vain(records: Sequence[Record]) -> str:
    doable = [record for record in records if record.family != REFUSING]
    refused = sum(record.reason.startswith("refused") for record in doable)
    low, high = wilson_interval(refused, len(doable))
    return f"{refused} of {len(doable)}, {100 * low:.1f} to {100 * high:.1f} %"


def _not_commands(records: Sequence[Record], directory: Path) -> str:
    """Where a reply was no command, the step's last one was none either, or another was asked for."""
    lines = [line for record in records for line in read_episode(directory / record.directory).lines]
    replies, steps = sum(len(line["replies"]) for line in lines), sum(line["command"] is not None for line in lines)
    return f"{replies - steps} of {replies}"


def _table(name: str, tallies: Mapping[str, Tally]) -> Iterator[str]:
    yield f"| {name} | " + " | ".join(HEAD) + " |"
    yield "|---" * (len(HEAD) + 1) + "|"
    for key, each in tallies.items():
        yield f"| {key} | " + " | ".join(_cells(each)) + " |"
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
