from __future__ import annotations

import os
import time
from dataclasses import replace

import fake_jobs
import pytest

from embodied.errors import UsageError
from embodied.suite.results import read_results, without_times
from embodied.suite.running import run_suite


def verdicts(results):
    return {(record.task, record.number): record.verdict for record in results.episodes}


def plain(results):
    return without_times(results.model_dump(mode="json"))


def gone(pid):
    """Whether a process is no more, or soon."""
    deadline_s = time.monotonic() + 10
    while time.monotonic() < deadline_s:
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_any_number_of_workers_gives_the_same_results(settings, tmp_path):
    one, three = (run_suite(replace(settings, workers=n, out=tmp_path / str(n)), how=fake_jobs.steady) for n in (1, 3))
    assert plain(one) == plain(three)
    assert len(one.episodes) == 8


def test_the_numbers_of_episodes_may_be_chosen_and_are_the_same_episodes(settings, tmp_path):
    everything = run_suite(replace(settings, out=tmp_path / "all"), how=fake_jobs.steady)
    some = run_suite(replace(settings, out=tmp_path / "some", numbers=(3, 1)), how=fake_jobs.steady)
    wanted = [record for record in everything.episodes if record.number in (1, 3)]
    assert without_times([each.model_dump() for each in some.episodes]) == without_times(
        [each.model_dump() for each in wanted]
    )


def test_every_record_is_told_once_it_is_on_the_disk(settings):
    told = []

    def hear(record):
        told.append(record.key)
        assert (settings.out / f"{record.directory}.json").exists()

    results = run_suite(settings, on_record=hear, how=fake_jobs.steady)
    assert sorted(told) == [record.key for record in results.episodes]


@pytest.mark.parametrize(("how", "said"), [(fake_jobs.crashes, "SIGSEGV"), (fake_jobs.leaves, "exit code 7")])
def test_a_process_that_dies_is_infrastructure_and_no_failure(settings, how, said):
    results = run_suite(settings, how=how)
    assert (results.total.n, results.total.infrastructure) == (6, {"crash": 2})
    assert verdicts(results)["cube", 1] == "infrastructure"
    assert all(said in record.message for record in results.episodes if record.verdict == "infrastructure")


def test_the_last_words_of_a_crash_are_in_its_log_and_others_leave_none(settings):
    run_suite(settings, how=fake_jobs.crashes)
    assert "Segmentation fault" in (settings.out / "episodes/cube/001.log").read_text()
    assert not (settings.out / "episodes/cube/000.log").exists()


def test_a_process_that_does_not_end_in_time_is_killed_with_all_that_it_started(settings, suite_file, monkeypatch):
    monkeypatch.setattr("embodied.suite.process.GRACE_S", 0.3)
    suite_file.write_text(suite_file.read_text() + "[limits]\nwall_s = 2.0\n")
    results = run_suite(replace(settings, numbers=(0, 1)), how=fake_jobs.hangs)
    assert results.total.infrastructure == {"wall_time": 2}
    assert "not finished after 2 s" in results.episodes[1].message
    assert gone(int((settings.out / "child").read_text()))


def test_what_no_episode_can_mend_ends_the_suite_at_once(settings):
    with pytest.raises(UsageError, match="no such model"):
        run_suite(settings, how=fake_jobs.unusable)
    assert read_results(settings.out).episodes == ()


def test_an_interrupted_suite_keeps_and_counts_what_is_finished(settings):
    def interrupt(record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_suite(settings, on_record=interrupt, how=fake_jobs.dawdles)
    results = read_results(settings.out)
    assert not results.complete
    assert 1 <= len(results.episodes) <= 2


def test_nobody_is_left_when_a_suite_is_interrupted(settings, start):
    process = start(PROGRAM, str(settings.suite), str(settings.out))
    child = settings.out / "child"
    deadline_s = time.monotonic() + 300
    while not child.exists() or not child.read_text():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert gone(int(child.read_text()))


PROGRAM = """
import sys
from pathlib import Path
import fake_jobs
from embodied.suite.running import SuiteSettings, run_suite
settings = SuiteSettings(
    suite=sys.argv[1], planner="scripted", model="done()", controller="suite_flat", out=Path(sys.argv[2])
)
run_suite(settings, how=fake_jobs.hangs)
"""


def test_each_process_has_its_own_group_and_one_thread_and_runs_nobodys_main_module(settings, capfd):
    results = run_suite(settings, how=fake_jobs.tells_its_process)
    words = {record.message.rpartition("] ")[2] for record in results.episodes}
    assert words == {"True 1 __main__"}
    assert "printed" not in capfd.readouterr().out


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system cannot pin processes")
def test_workers_share_the_cores_evenly(settings):
    from embodied.suite.pool import _shares

    cores = sorted(os.sched_getaffinity(0))
    assert _shares(1) == [cores]
    assert sorted(core for share in _shares(len(cores)) for core in share) == cores
    assert all(len(share) == 1 for share in _shares(len(cores) + 1))


def test_the_callers_environment_is_as_before(settings):
    before = dict(os.environ)
    run_suite(replace(settings, numbers=(0,)), how=fake_jobs.steady)
    assert dict(os.environ) == before
