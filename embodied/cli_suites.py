"""The commands about suites: arguments only."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from embodied import console_suites
from embodied.suite.comparison import compare as compare_results
from embodied.suite.file import MAX_NUMBER, load_suite, suite_path
from embodied.suite.junit import write_junit
from embodied.suite.renewing import check_renewable
from embodied.suite.renewing import renew_scripts as keep_scripts
from embodied.suite.results import RESULTS, Results, read_results
from embodied.suite.running import DEFAULT_FOLDER, SuiteSettings, run_suite

SUCCESS, TASKS_FAILED, INFRASTRUCTURE, LIMIT_BROKEN, INTERRUPTED = 0, 1, 3, 4, 130
MAX_WORKERS = 1000
_NUMBERS = re.compile(r"(?P<first>[0-9]{1,6})(-(?P<last>[0-9]{1,6}))?")


def suite(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A suite; `embodied list suites` names them.")],
    planner: Annotated[str | None, typer.Option(help="Who decides.", show_default="the suite's")] = None,
    model: Annotated[str | None, typer.Option(help="What the planner is opened with.")] = None,
    controller: Annotated[str, typer.Option(help="Robot; `embodied list controllers` names them.")] = "kitchen",
    episodes: Annotated[
        int | None, typer.Option(min=1, max=MAX_NUMBER, show_default="the suite's", help="So many of each task.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="0-19", help="Which episodes of each task, such as 0-19 or 3,7,20-29.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=MAX_WORKERS, show_default="1; with --ray every CPU", help="How many at a time."),
    ] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Run them on the Ray cluster there.", show_default="here")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, show_default="out/suites/NAME", help="Where everything goes.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is there; begin if nothing is.")] = False,
    min_success: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, show_default="the suite's", help="What share is enough.")
    ] = None,
    disturbed: Annotated[
        bool, typer.Option("--disturbed", help="Let the simulated world play its tricks in mid-episode.")
    ] = False,
    renew_scripts: Annotated[
        bool, typer.Option("--renew-scripts", help="Keep what was said as the suite's scripts, if all succeeded.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a JUnit file for CI as well.")] = None,
) -> None:
    """Run many episodes, each in a process of its own, and count them.

    Exit code 0: enough succeeded. 1: not enough did. 2: something given is unusable. 3: an episode was spoilt by the
    machine, the endpoint or the program, and not by robot or planner; --resume tries it again. 4: the robot broke a
    limit of speed or force. 130: Ctrl-C; what is finished is kept for --resume. Where several hold, the highest counts.
    """
    settings = SuiteSettings(
        suite=name,
        planner=planner,
        model=model,
        controller=controller,
        numbers=_numbers(episodes, seeds),
        workers=workers,
        ray=ray,
        out=out,
        resume=resume,
        disturbed=disturbed,
        min_success=min_success,
    )
    path, folder = suite_path(name), out or DEFAULT_FOLDER / Path(name).stem
    if renew_scripts:
        check_renewable(load_suite(path))
    results = _run(settings, folder)
    if junit is not None:
        write_junit(junit, results)
    console_suites.show_results(results, folder)
    if renew_scripts:
        keep_scripts(load_suite(path), path, folder, results)
    raise typer.Exit(exit_code(results))


def _run(settings: SuiteSettings, folder: Path) -> Results:
    with console_suites.display() as shown:
        try:
            return run_suite(settings, shown.begin, shown.add)
        except KeyboardInterrupt:
            if not (folder / RESULTS).exists():
                raise
            shown.close()
            console_suites.show_interrupted(read_results(folder), folder, _resume_command())
            raise typer.Exit(INTERRUPTED) from None


def _resume_command() -> str:
    words = ["embodied", *sys.argv[1:]]
    return shlex.join(words if "--resume" in words else [*words, "--resume"])


def _numbers(episodes: int | None, seeds: str | None) -> tuple[int, ...] | None:
    if episodes is not None and seeds is not None:
        raise typer.BadParameter("say --episodes or --seeds, not both: --episodes 20 is --seeds 0-19")
    if seeds is not None:
        return tuple(number for part in seeds.split(",") for number in _range(part, seeds))
    return None if episodes is None else tuple(range(episodes))


def _range(part: str, whole: str) -> Iterator[int]:
    found = _NUMBERS.fullmatch(part.strip())
    if found is None:
        raise typer.BadParameter(f"{whole!r} is not a list of numbers such as 0-19 or 3,7,20-29")
    first = int(found["first"])
    last = int(found["last"] or first)
    if last < first:
        raise typer.BadParameter(f"{part.strip()}: {last} is less than {first}")
    yield from range(first, last + 1)


def exit_code(results: Results) -> int:
    """What a finished suite tells the shell: a broken limit before infrastructure, and that before failed tasks."""
    total = results.total
    if total.limits_broken:
        return LIMIT_BROKEN
    if total.spoilt:
        return INFRASTRUCTURE
    return SUCCESS if total.share >= results.min_success else TASKS_FAILED


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="The directory of a suite.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="That of another, with the same tasks and episodes.")],
) -> None:
    """Compare two suites episode by episode: how often only one of the two succeeded, and whether that is chance."""
    console_suites.show_suite_comparison(compare_results(read_results(first), read_results(second)))
