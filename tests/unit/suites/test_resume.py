from __future__ import annotations

import fcntl
import random
import time
from dataclasses import replace

import fake_jobs
import pytest

from embodied.errors import EpisodeError, UsageError
from embodied.suite.results import read_results, without_times
from embodied.suite.running import run_suite

KILLS = 3
PROGRAM = """
import sys
from pathlib import Path
import fake_jobs
from embodied.suite.running import SuiteSettings, run_suite
settings = SuiteSettings(
    suite=sys.argv[1], planner="scripted", model="done()", controller="suite_flat", out=Path(sys.argv[2]), workers=2,
    resume=True, numbers=tuple(range(30)),
)
run_suite(settings, how=fake_jobs.steady)
"""


def plain(results):
    return without_times(results.model_dump(mode="json"))


@pytest.fixture
def stopped(settings):
    """A suite that was interrupted after one episode; gives the settings to go on with."""

    def interrupt(record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_suite(settings, on_record=interrupt, how=fake_jobs.steady)
    return replace(settings, resume=True)


def test_killed_at_random_moments_and_resumed_nothing_is_lost_and_nothing_run_twice(settings, start, tmp_path):
    rng = random.Random(0)
    for _ in range(KILLS):
        process = start(PROGRAM, settings.suite, str(settings.out))
        wait_for_more_than(settings.out / fake_jobs.LEDGER)
        time.sleep(rng.uniform(0.0, 0.5))
        process.kill()
        process.wait()
    whole = replace(settings, model="done()", numbers=tuple(range(30)))
    resumed = run_suite(replace(whole, resume=True), how=fake_jobs.steady)
    undisturbed = run_suite(replace(whole, out=tmp_path / "undisturbed"), how=fake_jobs.steady)
    assert plain(resumed) == plain(undisturbed)
    assert resumed.complete
    assert "again" not in (settings.out / fake_jobs.LEDGER).read_text()


def wait_for_more_than(ledger):
    """Until one more job has begun."""
    size = ledger.stat().st_size if ledger.exists() else 0
    deadline_s = time.monotonic() + 300
    while not ledger.exists() or ledger.stat().st_size <= size:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_going_on_runs_only_what_is_not_finished(stopped):
    before = {record.key for record in read_results(stopped.out).episodes}
    ran = []
    results = run_suite(stopped, on_record=lambda record: ran.append(record.key), how=fake_jobs.steady)
    assert results.complete
    assert before
    assert not before & set(ran)
    assert len(before) + len(ran) == results.planned


def test_what_a_killed_suite_left_half_done_is_thrown_away(stopped):
    torn = stopped.out / "episodes/ball/.003.json.99"
    torn.parent.mkdir(exist_ok=True)
    torn.write_text('{"task": "ba')
    (stopped.out / "episodes/ball/003/images").mkdir(parents=True, exist_ok=True)
    assert run_suite(stopped, how=fake_jobs.steady).complete
    assert not torn.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "refuse('no')"}, r"model: then 'grasp.*, now .refuse"),
        ({"planner": "recorded"}, "planner: then 'scripted', now 'recorded'"),
        ({"numbers": (0, 1)}, "episodes: then"),
        ({"disturbed": True}, "disturbed: then False, now True"),
        ({"controller": "kitchen"}, "controller: then"),
    ],
)
def test_other_choices_refuse_to_go_on_and_say_what_differs(stopped, changes, said):
    with pytest.raises(UsageError, match=said):
        run_suite(replace(stopped, **changes), how=fake_jobs.steady)


def test_another_suite_file_refuses_to_go_on(stopped, suite_file):
    suite_file.write_text(suite_file.read_text() + "seed = 5\n")
    with pytest.raises(UsageError, match="suite, seed: then 0, now 5"):
        run_suite(stopped, how=fake_jobs.steady)


def test_another_task_file_refuses_to_go_on(stopped, suite_file):
    task = suite_file.with_name("cube.toml")
    task.write_text(task.read_text().replace("max_steps = 5", "max_steps = 6"))
    with pytest.raises(UsageError, match="tasks, cube, max_steps: then 5, now 6"):
        run_suite(stopped, how=fake_jobs.steady)


def test_another_version_refuses_to_go_on(stopped, monkeypatch):
    monkeypatch.setattr("embodied.suite.fingerprint.versions", lambda: {"embodied-kitchen": "99"})
    with pytest.raises(UsageError, match="versions, embodied-kitchen: then .*, now '99'"):
        run_suite(stopped, how=fake_jobs.steady)


def test_a_system_update_does_not_forbid_going_on(stopped, monkeypatch):
    from embodied.packages import versions

    monkeypatch.setattr("embodied.suite.fingerprint.versions", lambda: versions() | {"platform": "newer"})
    assert run_suite(stopped, how=fake_jobs.steady).complete


def test_many_differences_are_cut_short(stopped):
    changes = {"model": None, "planner": "oracle", "numbers": (7,), "disturbed": True, "controller": "kitchen"}
    with pytest.raises(UsageError, match="cannot be gone on with"):
        run_suite(replace(stopped, **changes), how=fake_jobs.steady)


def test_without_being_asked_nothing_is_replaced_and_nothing_gone_on_with(stopped):
    with pytest.raises(UsageError, match="--resume"):
        run_suite(replace(stopped, resume=False), how=fake_jobs.steady)


def test_a_directory_that_is_no_suite_is_left_alone(settings):
    settings.out.mkdir()
    (settings.out / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match="no suite"):
        run_suite(replace(settings, resume=True), how=fake_jobs.steady)


def test_to_go_on_with_nothing_is_to_begin(settings):
    assert run_suite(replace(settings, resume=True), how=fake_jobs.steady).complete


def test_two_processes_do_not_run_a_suite_in_one_directory(settings):
    settings.out.mkdir()
    with (settings.out / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another process"):
            run_suite(settings, how=fake_jobs.steady)


def test_a_lost_endpoint_is_tried_again_when_going_on(settings):
    lost = run_suite(settings, how=fake_jobs.loses_endpoint)
    assert lost.total.infrastructure == {"ModelError": 8}
    (settings.out / "endpoint is back").touch()
    found = run_suite(replace(settings, resume=True), how=fake_jobs.loses_endpoint)
    assert (found.total.n, found.total.successes, found.total.spoilt) == (8, 8, 0)


def test_a_broken_record_is_named(stopped):
    record = next((stopped.out / "episodes").glob("*/*.json"))
    record.write_text("{}")
    with pytest.raises(EpisodeError, match=record.name):
        run_suite(stopped, how=fake_jobs.steady)
