from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import SCRIPT

from embodied.errors import UsageError
from embodied.suite.file import load_suite
from embodied.suite.renewing import renew_scripts
from embodied.suite.running import run_suite
from embodied.suite.scripts import read_script, script_path


@pytest.fixture
def scripted_file(suite_file):
    suite_file.write_text(suite_file.read_text() + 'scripts = "said"\n')
    return suite_file


def test_what_was_said_is_kept_and_says_the_same_again(scripted_file, settings, robots, tmp_path):
    suite = load_suite(scripted_file)
    first = run_suite(settings)
    assert renew_scripts(suite, scripted_file, settings.out, first) == 8
    assert read_script(script_path(scripted_file, "said", ("cube", 3))) == SCRIPT.split("; ")
    again = run_suite(replace(settings, model=None, out=tmp_path / "again"))
    assert (again.total.successes, again.total.n) == (8, 8)
    assert [each.simulated_s for each in again.episodes] == [each.simulated_s for each in first.episodes]


def test_only_successes_are_worth_saying_again(scripted_file, settings, robots):
    failed = run_suite(replace(settings, model="done()", numbers=(0,)))
    with pytest.raises(UsageError, match="not every episode succeeded: ball 0, cube 0"):
        renew_scripts(load_suite(scripted_file), scripted_file, settings.out, failed)
    assert not (scripted_file.parent / "said").exists()


def test_a_suite_without_a_place_for_scripts_is_told(suite_file, settings, robots):
    results = run_suite(replace(settings, numbers=(0,)))
    with pytest.raises(UsageError, match="scripts = "):
        renew_scripts(load_suite(suite_file), suite_file, settings.out, results)
