"""The page that shows a suite: one HTML file that stands alone, with links to the reports of the episodes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from embodied.episode import REPORT
from embodied.recording import write_whole
from embodied.suite.record import Record
from embodied.suite.results import Results

PAGE = "index.html"
TEMPLATE = "index.html.jinja"


def write_page(folder: Path, results: Results) -> Path:
    """Write ``index.html``, whole or not at all; returns where it is.

    Raises:
        EpisodeError: If it cannot be written.
    """
    links = {record.key: _link(folder, record) for record in results.episodes}
    write_whole(folder / PAGE, render(results, links).encode("utf-8", "replace"))
    return folder / PAGE


def _link(folder: Path, record: Record) -> str:
    """The episode's report; of one whose process died before it, its log; else nothing."""
    places = (f"{record.directory}/{REPORT}", f"{record.directory}.log")
    return next((place for place in places if (folder / place).exists()), "")


def render(results: Results, links: dict[tuple[str, int], str]) -> str:
    """The page as text; everything that comes from episodes is data and is escaped.

    Args:
        results: What to show.
        links: Where more about an episode is, relative to the page; empty for nowhere.
    """
    return _template().render(results=results, links=links)


@cache
def _template() -> Template:
    loader = PackageLoader("embodied.suite", ".")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template(TEMPLATE)
