from __future__ import annotations

import pytest

from embodied.errors import UsageError
from embodied.models.scripted import ScriptedPlanner, open_planner, split_script
from embodied.planner import Prompt, Turn
from embodied.registry import PlannerSetup
from embodied.testing import FakeController


@pytest.fixture
def prompt(look):
    return Prompt((Turn("user", "Go."),), look(), 0)


def say(planner, prompt, count):
    return [planner.reply(prompt).text for _ in range(count)]


def test_a_script_is_said_in_order_and_then_it_is_done(prompt):
    planner = ScriptedPlanner(["grasp(0.1, 0.2, 0.3)", "nonsense"])
    assert say(planner, prompt, 4) == ["grasp(0.1, 0.2, 0.3)", "nonsense", "done()", "done()"]
    assert planner.tier == "blind"


def test_a_file_holds_one_command_a_line(tmp_path, prompt):
    path = tmp_path / "script.txt"
    path.write_text("# take it\n抓取（0.1，0.2，0.3）\n\n  done()  \n", encoding="utf-8")
    planner = open_planner(PlannerSetup(controller=FakeController(), model=str(path)))
    assert say(planner, prompt, 2) == ["抓取（0.1，0.2，0.3）", "done()"]


def test_commands_may_be_given_with_semicolons_between_them(prompt):
    planner = open_planner(PlannerSetup(controller=FakeController(), model="grasp(0.1, 0.2, 0.3); refuse('no')"))
    assert say(planner, prompt, 2) == ["grasp(0.1, 0.2, 0.3)", "refuse('no')"]


def test_a_semicolon_inside_quotation_marks_does_not_end_a_command():
    assert split_script('refuse("a; b"); done()；done();;') == ['refuse("a; b")', "done()", "done()"]
    assert split_script('say("open; done()') == ['say("open', "done()"]


@pytest.mark.parametrize("model", [None, "", "no-such-file.txt", "/", "nul\0byte", "a" * 5000])
def test_a_script_that_cannot_be_read_is_an_error_of_usage(model):
    with pytest.raises(UsageError, match="script"):
        open_planner(PlannerSetup(controller=FakeController(), model=model))


def test_a_script_that_is_not_text_is_an_error_of_usage(tmp_path):
    path = tmp_path / "script.bin"
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(UsageError, match="cannot be read"):
        open_planner(PlannerSetup(controller=FakeController(), model=str(path)))
