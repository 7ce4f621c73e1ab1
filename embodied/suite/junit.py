"""A suite as a JUnit file, which every CI can read: a test case per episode, a failure told from an error."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from embodied.recording import border
from embodied.suite.record import Record
from embodied.suite.results import Results
from embodied.suite.tally import Tally

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML has no way to write."""


def write_junit(path: Path, results: Results) -> None:
    """Write ``path``.

    Raises:
        EpisodeError: If it cannot be written.
    """
    document = ElementTree(junit(results))
    indent(document)
    with border(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        document.write(path, encoding="utf-8", xml_declaration=True)


def junit(results: Results) -> Element:
    """The root of the document: one test suite per task, with its figures as properties."""
    root = Element("testsuites", {"name": _text(results.suite), **_counts(results.total, results.episodes)})
    for each in results.tasks:
        records = [record for record in results.episodes if record.task == each.task]
        suite = SubElement(root, "testsuite", {"name": _text(each.task), **_counts(each.tally, records)})
        suite.set("timestamp", results.started.partition("+")[0])
        properties = {"family": each.family, "split": each.split, **_figures(results, each.tally, records)}
        _add_properties(suite, properties)
        for record in records:
            _add_case(suite, results, record)
    return root


def _counts(tally: Tally, records: tuple[Record, ...] | list[Record]) -> dict[str, str]:
    return {
        "tests": str(len(records)),
        "failures": str(tally.n - tally.successes),
        "errors": str(tally.spoilt),
        "time": f"{sum(record.wall_s for record in records):.3f}",
    }


def _figures(results: Results, tally: Tally, records: list[Record]) -> dict[str, object]:
    return {
        "suite": results.suite,
        "planner": results.planner,
        "model": results.model or "",
        "controller": results.controller,
        "tier": results.tier or "unknown",
        "disturbed": str(results.disturbed).lower(),
        "n": tally.n,
        "successes": tally.successes,
        "success_low": tally.low,
        "success_high": tally.high,
        "confidence": 0.95,
        "min_success": results.min_success,
        "seeds": " ".join(str(record.seed) for record in records),
    }


def _add_properties(parent: Element, properties: dict[str, object]) -> None:
    holder = SubElement(parent, "properties")
    for name, value in properties.items():
        SubElement(holder, "property", {"name": name, "value": _text(str(value))})


def _add_case(suite: Element, results: Results, record: Record) -> None:
    name, where = f"{record.task}[{record.number}]", f"{results.suite}.{record.family}.{record.task}"
    case = SubElement(suite, "testcase", {"classname": _text(where), "name": _text(name)})
    case.set("time", f"{record.wall_s:.3f}")
    if record.verdict != "success":
        kind = "failure" if record.verdict == "failure" else "error"
        told = SubElement(case, kind, {"type": _text(record.reason), "message": _text(record.message)})
        told.text = _text(f"{record.instruction}\nseed {record.seed}, {record.directory}")
    SubElement(case, "system-out").text = _text(f"{record.instruction}\nseed {record.seed}\n{record.directory}")


def _text(text: str) -> str:
    """What XML can write of it."""
    return _FORBIDDEN.sub("\ufffd", text)
