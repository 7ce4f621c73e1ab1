"""Suites on a Ray cluster of two nodes, which this test starts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import two_nodes

from embodied.episode import read_episode, without_times
from embodied.suite import results
from embodied.suite.results import read_results
from embodied.suite.running import SuiteSettings, run_suite

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
title = "Short ones"
tasks = ["no_banana_there", "no_pear_there"]
episodes = 2
"""
LOST_WITHIN_S = 120.0
PATIENCE_S = 300.0


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """The process that started the nodes, and their address, which was its first line."""
    variables = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "RAY_USAGE_STATS_ENABLED": "0"}
    log = tmp_path_factory.mktemp("nodes") / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/two_nodes.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | variables,
        )
    with process:
        address = process.stdout.readline().strip()
        assert address, log.read_text()
        yield process, address


@pytest.fixture
def settings(nodes, tmp_path):
    path = tmp_path / "short.toml"
    path.write_text(SUITE)
    return SuiteSettings(suite=str(path), planner="oracle", out=tmp_path / "there", ray=nodes[1])


@pytest.fixture
def waiting(settings, tmp_path):
    """The same suite with episodes that wait for a word in ``shared``, and need neither planner nor robot."""
    (tmp_path / "shared").mkdir()
    return replace(settings, planner="scripted", model=str(tmp_path / "shared"), controller="none", resume=True)


def plain(found):
    return results.without_times(found.model_dump())


def begun(shared):
    """Each time that an episode was begun: its name, and its process."""
    ledger = shared / "begun"
    return [line.split() for line in ledger.read_text().splitlines()] if ledger.exists() else []


def until(holds):
    """Wait for it, with patience."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds() and time.monotonic() < deadline_s:
        time.sleep(0.05)


@contextmanager
def while_all_wait(shared, act):
    """Do something as soon as both nodes have an episode under way."""

    def look():
        until(lambda: len(begun(shared)) >= 2)
        act()

    thread = threading.Thread(target=look)
    thread.start()
    yield
    thread.join()


def test_a_cluster_gives_the_same_results_and_episodes_as_this_machine(settings, tmp_path):
    there = run_suite(settings, how=two_nodes.perform_and_say_where)
    here = run_suite(replace(settings, ray=None, workers=2, out=tmp_path / "here"))
    assert plain(there) == plain(here)
    assert there.total.successes == 4
    for place in (record.directory for record in there.episodes):
        one, other = (read_episode(tmp_path / each / place) for each in ("there", "here"))
        assert list(map(without_times, one.lines)) == list(map(without_times, other.lines))
        assert one.image(0).tobytes() == other.image(0).tobytes()
    assert len({path.read_text() for path in (tmp_path / "there").rglob(two_nodes.WHERE)}) == 2


def test_an_interrupted_suite_keeps_what_is_finished_and_leaves_nobody_on_the_nodes(waiting, tmp_path):
    def interrupt(record):
        raise KeyboardInterrupt

    with while_all_wait(tmp_path / "shared", (tmp_path / "shared/no_pear_there-0").touch):
        with pytest.raises(KeyboardInterrupt):
            run_suite(waiting, on_record=interrupt, how=two_nodes.wait_for_word)
    assert [record.key for record in read_results(waiting.out).episodes] == [("no_pear_there", 0)]
    assert not [process for _, process in begun(tmp_path / "shared") if alive(process)]


def alive(process):
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_lost_node_is_infrastructure_and_its_episode_is_run_by_resume_alone(waiting, tmp_path, nodes, capfd):
    shared = tmp_path / "shared"

    def lose_one():
        nodes[0].stdin.write("lose one\n")
        nodes[0].stdin.flush()
        nodes[0].stdout.readline()
        until(lambda: not all(alive(process) for _, process in begun(shared)))  # before that it could still succeed
        (shared / "word").touch()

    started_s = time.monotonic()
    with while_all_wait(shared, lose_one):
        found = run_suite(waiting, how=two_nodes.wait_for_word)
    assert time.monotonic() - started_s < LOST_WITHIN_S
    assert (found.total.infrastructure, found.total.successes) == ({"lost_node": 1}, 3)
    assert len(begun(shared)) == len({name for name, _ in begun(shared)}) == 4
    assert capfd.readouterr() == ("", "")
    resumed = run_suite(replace(waiting, ray=None), how=two_nodes.wait_for_word)
    assert (resumed.complete, resumed.total.successes, len(begun(shared))) == (True, 4, 5)
