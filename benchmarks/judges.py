"""Whether the judges are ever wrong: every case of the tests, counted for each word that a goal may begin with.

A case is a situation in one kitchen (in the air, still held, leaning, the wrong drawer, the wrong order ...) and a goal
of which it is known whether it holds. An adversarial case is one where it does not, though it may look as if it did.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from figures import Row, machine, parser, show

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from judge_cases import CASES
from judge_stage import Stage

LEAST_CASES = 200


@dataclass
class Tally:
    """How often each word was asked, by whether its goal holds; and every wrong answer, with its situation."""

    no: Counter[str] = field(default_factory=Counter)
    yes: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)


def main() -> int:
    """Ask everything and print; 1 if any answer was wrong."""
    parser(__doc__).parse_args()
    print(machine(), flush=True)
    began_s, tally, stage = time.perf_counter(), Tally(), Stage()
    with stage.world:
        for case in CASES:
            for goal, right, says in stage.answers(case):
                word = next(iter(goal))
                (tally.yes if right else tally.no)[word] += 1
                tally.wrong += [(word, case.title)] if says is not right else []
    show(f"Judges in {len(CASES)} situations, {time.perf_counter() - began_s:.0f} s", _rows(tally))
    return 1 if tally.wrong else 0


def _rows(tally: Tally) -> Iterator[Row]:
    yield "adversarial cases", str(tally.no.total()), f"at least {LEAST_CASES}"
    yield "cases that hold", str(tally.yes.total()), ""
    yield "wrong answers", str(len(tally.wrong)), "0"
    for word in sorted(tally.no | tally.yes):
        wrong = sum(word == each for each, _ in tally.wrong)
        yield f"  {word}", f"{tally.no[word]} adversarial, {tally.yes[word]} that hold, wrong: {wrong}", ""
    for word, title in tally.wrong:
        yield f"  wrong: {word}", title, ""


if __name__ == "__main__":
    sys.exit(main())
