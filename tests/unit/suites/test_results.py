from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser

import fake_jobs
import pytest

from embodied.cli_suites import exit_code
from embodied.errors import EpisodeError, UsageError
from embodied.suite.comparison import compare
from embodied.suite.junit import junit, write_junit
from embodied.suite.page import render, write_page
from embodied.suite.record import Record
from embodied.suite.results import Results, grouped, read_results, without_times, write_results
from embodied.suite.running import run_suite
from embodied.suite.tally import tally


def record(task="cube", number=0, verdict="success", reason="", **changes):
    fields = {
        "task": task,
        "family": "stacking" if task == "cube" else "many",
        "split": "seen",
        "number": number,
        "seed": 1000 + number,
        "language": "en",
        "instruction": f"put the {task} away",
        "verdict": verdict,
        "reason": reason,
        "steps": 3,
        "simulated_s": 10.0,
        "wall_s": 5.0,
        "tier": "pixels",
        "directory": f"episodes/{task}/{number:03d}",
    }
    return Record(**fields | changes)


def results(*records, **changes):
    fields = {
        "suite": "small",
        "title": "Small & <nice>",
        "planner": "openai",
        "model": None,
        "controller": "kitchen",
        "disturbed": False,
        "versions": {"embodied-kitchen": "1"},
        "started": "2026-01-01T10:00:00+00:00",
        "planned": len(records),
        "min_success": 0.5,
    }
    return Results(**fields | grouped(records) | changes)


MIXED = (
    record(number=0),
    record(number=1, verdict="failure", reason="step_limit after missed_grasp", message="not on(cube, table)"),
    record(number=2, verdict="infrastructure", reason="ModelError", message="no \x00 answer", tier=None),
    record(task="ball", number=0, steps=5, simulated_s=20.0),
)


def test_infrastructure_is_in_no_share():
    counted = tally(MIXED)
    assert (counted.n, counted.successes, counted.spoilt) == (3, 2, 1)
    assert counted.failures == {"step_limit after missed_grasp": 1}
    assert counted.infrastructure == {"ModelError": 1}
    assert (counted.steps, counted.simulated_s, counted.wall_s) == (3.0, 10.0, 5.0)
    assert counted.low == pytest.approx(0.20766, abs=1e-6)


def test_nothing_counted_says_nothing():
    counted = tally([])
    assert (counted.n, counted.share, counted.low, counted.high, counted.steps) == (0, 0.0, 0.0, 1.0, None)


def test_results_are_the_same_in_whatever_order_the_records_come():
    assert results(*MIXED) == results(*reversed(MIXED))
    assert list(results(*MIXED).families) == ["many", "stacking"]


def test_results_are_read_as_they_were_written(tmp_path):
    write_results(tmp_path, results(*MIXED))
    assert read_results(tmp_path) == results(*MIXED)


@pytest.mark.parametrize("content", [None, "{}", "[", '{"format": "something-else"}'])
def test_what_is_no_results_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    with pytest.raises(EpisodeError, match=r"results\.json"):
        read_results(tmp_path)


def test_times_are_what_may_differ():
    slow = [each.model_copy(update={"wall_s": 99.0}) for each in MIXED]
    first, second = results(*MIXED), results(*slow, started="2027-01-01T10:00:00+00:00")
    assert first != second
    assert without_times(first.model_dump()) == without_times(second.model_dump())


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([record()], 0),
        ([record(), record(number=1, verdict="failure", reason="done")], 0),
        ([record(verdict="failure", reason="done")], 1),
        ([record(), MIXED[2]], 3),
        ([record(verdict="failure", reason="done"), MIXED[2]], 3),
        ([record(verdict="failure", reason="limit_broken after blocked"), MIXED[2]], 4),
    ],
)
def test_the_exit_code_tells_the_worst(records, code):
    assert exit_code(results(*records)) == code


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name == "href"]

    def handle_data(self, data):
        self.words.append(data)


def parsed(text):
    tags = Tags()
    tags.feed(text)
    return tags


def test_the_page_stands_alone_and_leads_to_every_report(tmp_path):
    for each in MIXED[:2]:
        (tmp_path / each.directory).mkdir(parents=True)
        (tmp_path / each.directory / "report.html").touch()
    (tmp_path / f"{MIXED[2].directory}.log").parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / f"{MIXED[2].directory}.log").touch()
    page = parsed(write_page(tmp_path, results(*MIXED)).read_text(encoding="utf-8"))
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert [link for link in page.links if link[0] != "#"] == [
        "episodes/cube/000/report.html",
        "episodes/cube/001/report.html",
        "episodes/cube/002.log",
    ]


def test_the_page_shows_what_was_said_as_text():
    rude = record(instruction="<script>alert(1)</script>", message="<b>", verdict="failure", reason="done")
    page = render(results(rude), {rude.key: ""})
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"planned": 9}, "Not complete: 4 of 9"), ({"tier": "oracle"}, "Tier oracle"), ({"disturbed": True}, "disturbed")],
)
def test_the_page_says_what_its_figures_are_worth(changes, said):
    page = render(results(*MIXED, **changes), {each.key: "" for each in MIXED})
    assert said in page
    assert "spoilt by something else" in page


def test_junit_has_a_case_for_each_episode_and_tells_failures_from_errors():
    root = junit(results(*MIXED))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert set(cases) == {"cube[0]", "cube[1]", "cube[2]", "ball[0]"}
    assert cases["cube[0]"].find("failure") is cases["cube[0]"].find("error") is None
    assert cases["cube[1]"].find("failure").get("type") == "step_limit after missed_grasp"
    assert cases["cube[2]"].find("error").get("type") == "ModelError"
    assert {root.get(name) for name in ("tests", "failures", "errors")} == {"4", "1"}


def test_junit_has_the_figures_as_properties():
    suite = next(each for each in junit(results(*MIXED)).iter("testsuite") if each.get("name") == "cube")
    found = {each.get("name"): each.get("value") for each in suite.iter("property")}
    wanted = {"n": "2", "successes": "1", "tier": "pixels", "seeds": "1000 1001 1002", "planner": "openai"}
    assert wanted.items() <= found.items()
    assert float(found["success_low"]) < 0.5 < float(found["success_high"])


def test_junit_is_xml_whatever_a_model_said(tmp_path):
    rude = record(instruction="\x00\x1b]\ud800 <&> \uffff 好", verdict="failure", reason="done")
    path = tmp_path / "ci" / "junit.xml"
    write_junit(path, results(rude, *MIXED[1:3]))
    assert "好" in ElementTree.parse(path).getroot().find(".//system-out").text


def junit_faults(element):
    """What a strict reader of JUnit files does not find as it should be."""
    numbers = {"testsuites": ("tests", "failures", "errors"), "testsuite": ("tests", "failures", "errors")}
    names = {"testsuites": (), "testsuite": ("name", "timestamp"), "testcase": ("name", "classname", "time")}
    order = {"testsuites": ["testsuite"], "testsuite": ["properties", "testcase"], "properties": ["property"]}
    order["testcase"] = ["skipped", "error", "failure", "system-out", "system-err"]
    tags = [child.tag for child in element]
    allowed = order.get(element.tag, [])
    places = [allowed.index(tag) if tag in allowed else -1 for tag in tags]
    yield from (f"{element.tag}: {tag} is out of place" for tag, place in zip(tags, places, strict=True) if place < 0)
    if places != sorted(places):
        yield f"{element.tag}: {tags} are in no order"
    yield from (f"{element.tag}: no {name}" for name in names.get(element.tag, ()) if not element.get(name))
    for name in numbers.get(element.tag, ()):
        if not (element.get(name) or "").isdigit():
            yield f"{element.tag}: {name} is no number"
    for child in element:
        yield from junit_faults(child)


def test_junit_keeps_the_common_schema():
    assert list(junit_faults(junit(results(*MIXED)))) == []


def series(*outcomes, **changes):
    return results(
        *(record(number=n, verdict="success" if ok == "1" else "failure") for n, ok in enumerate(*outcomes)), **changes
    )


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        ("1111111111", "1111111111", 1.0),
        ("1111111111", "0000000000", 2 / 2**10),
        ("1100", "0011", 1.0),
        ("1111110", "0000001", 2 * (1 + 7) / 2**7),
        ("11111", "00000", 0.0625),
    ],
)
def test_the_p_value_is_that_of_the_exact_test(first, second, p):
    assert compare(series(first), series(second)).total.p == pytest.approx(p)


def test_pairs_are_counted_by_family_and_by_which_of_the_two_succeeded():
    first = results(record(), record(number=1), record(task="ball"), record(task="ball", number=1, verdict="failure"))
    second = results(*(each.model_copy(update={"verdict": "failure"}) for each in first.episodes))
    found = compare(first, second)
    assert (found.total.n, found.total.only_first, found.total.only_second, found.total.neither) == (4, 3, 0, 1)
    assert (found.families["many"].n, found.families["many"].first_share) == (2, 0.5)
    assert list(found.tasks) == ["ball", "cube"]


def test_spoilt_pairs_and_those_without_a_partner_are_counted_apart():
    found = compare(results(*MIXED), results(record(), record(number=2), record(number=9)))
    assert (found.total.n, found.spoilt, found.unpaired) == (1, 1, 3)


@pytest.mark.parametrize("other", [(), (record(number=5),), (MIXED[2],), (record(task="egg"),)])
def test_nothing_to_pair_is_an_error(other):
    with pytest.raises(UsageError, match="nothing can be compared"):
        compare(results(*MIXED), results(*other))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tier": "oracle"}, "tiers pixels and oracle"),
        ({"disturbed": True}, "only one of the two was disturbed"),
        ({"versions": {"embodied-kitchen": "2"}}, "versions differ: embodied-kitchen 1 and 2"),
    ],
)
def test_what_is_not_alike_is_remarked(changes, said):
    assert any(said in remark for remark in compare(series("11"), series("10", **changes)).remarks)


def test_other_words_are_remarked():
    reworded = results(record(instruction="away with it"))
    assert "1 of 1 pairs were asked in other words" in compare(results(record()), reworded).remarks


def test_a_suite_that_ran_can_be_compared_with_itself(settings):
    first = run_suite(replace(settings, numbers=(0, 1)), how=fake_jobs.steady)
    found = compare(first, read_results(settings.out))
    assert (found.total.n, found.total.p, found.remarks) == (4, 1.0, ())
