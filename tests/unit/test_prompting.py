from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embodied.commands import COMMANDS, Grasp, ImagePoint, signature
from embodied.errors import PromptError, UsageError
from embodied.language import LANGUAGES
from embodied.observation import GripperState
from embodied.planner import Decision, Reply
from embodied.prompting import Prompter, colour_depth, measured_range
from embodied.resources import prompts_dir
from embodied.result import Measured, Reason, Result
from embodied.step import Step, Timings

CHINESE = Prompter("zh")
GRASP = Grasp(at=ImagePoint(x=0.42, y=0.61, z=0.93))
MISSED = Result(
    "failed", Reason.MISSED_GRASP, "the fingers\nclosed", Measured((0.0, 0.0, 0.0), 0.012, False, duration_s=3.0)
)


@pytest.fixture
def step(look):
    def make(command, result):
        observation = look()
        prompt = Prompter().prompt("Go.", [], observation)
        return Step(0, observation, prompt, Decision(command, (Reply("..."),)), None, None, result, Timings(0, 0, 0))

    return make


@pytest.fixture
def own_prompts(tmp_path):
    """A copy of the project's templates in which one file is replaced."""

    def write(name, text):
        shutil.copytree(prompts_dir(), tmp_path / "prompts", dirs_exist_ok=True)
        (tmp_path / "prompts" / "en" / name).write_bytes(text)
        return tmp_path / "prompts"

    return write


@pytest.mark.parametrize(
    ("language", "scene"), [("en", "assume the picture's width and height are 1"), ("zh", "假设图像的宽和高都是1")]
)
def test_the_system_turn_sets_the_scene_and_has_every_verb(look, language, scene):
    system, user = Prompter(language).prompt("Go.", [], look()).turns
    assert (system.role, user.role, system.images) == ("system", "user", ())
    assert scene in system.text
    for kind in COMMANDS:
        assert signature(kind) in system.text
        assert language == "en" or kind.chinese in system.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_user_turn_has_instruction_gripper_and_picture(look, language):
    observation = look(gripper=GripperState(0.0321, True))
    user = Prompter(language).prompt("把抽屉里的绿色包装袋拿出来", [], observation).turns[-1]
    assert "把抽屉里的绿色包装袋拿出来" in user.text
    assert "0.032" in user.text
    assert ("holding something" if language == "en" else "夹着东西") in user.text
    assert len(user.images) == 1
    assert user.images[0] is observation.image


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_history_has_commands_and_results(look, step, language):
    history = [
        step(GRASP, MISSED),
        step(None, Result("rejected", Reason.PLANNER_INVALID, "no command")),
        step(GRASP, Result("succeeded", None, "it is held")),
    ]
    prompt = Prompter(language).prompt("Go.", history, look())
    lines = [line for line in prompt.turns[-1].text.splitlines() if line[:2] in {"1.", "2.", "3."}]
    expected = {
        "en": [
            "1. grasp(0.420, 0.610, 0.930) -> failed (missed_grasp): the fingers closed "
            "[gripper 0.012 m wide, holding nothing]",
            "2. no valid command -> rejected (planner_invalid): no command",
            "3. grasp(0.420, 0.610, 0.930) -> succeeded: it is held",
        ],
        "zh": [
            "1. grasp(0.420, 0.610, 0.930) -> 失败（missed_grasp）：the fingers closed [夹爪宽 0.012 米，没有夹东西]",
            "2. 没有有效命令 -> 被拒绝（planner_invalid）：no command",
            "3. grasp(0.420, 0.610, 0.930) -> 成功：it is held",
        ],
    }
    assert lines == expected[language]
    assert prompt.step == 3


INJECTIONS = ["{{ history }}", "{% raw %}", "{# #}", "$instruction", "%s", "<b>&amp;", "{0}", "\\n", "'\"", "{{", "%}"]


@pytest.mark.parametrize("instruction", INJECTIONS)
def test_template_syntax_in_an_instruction_comes_through_unharmed(look, instruction):
    assert instruction in Prompter().prompt(instruction, [], look()).turns[-1].text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_any_instruction_comes_through_unharmed(look, instruction):
    assert instruction in CHINESE.prompt(instruction, [], look()).turns[-1].text


def test_an_instruction_that_is_not_text_is_an_error_of_usage(look):
    with pytest.raises(UsageError, match="from character 4 on"):
        Prompter().prompt("Go \udcff", [], look())


def test_template_syntax_in_a_result_comes_through_unharmed(look, step):
    history = [step(GRASP, Result("rejected", Reason.NO_DEPTH, "{{ gripper }} {% if %}"))]
    assert "{{ gripper }} {% if %}" in Prompter().prompt("Go.", history, look()).turns[-1].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_depth_map_comes_as_second_picture_with_its_legend(look, language):
    depth_m = np.linspace(0.5, 2.0, 1200, dtype=np.float32).reshape(30, 40)
    depth_m[0, 0] = np.nan
    user = Prompter(language, depth_image=True).prompt("Go.", [], look(depth_m=depth_m)).turns[-1]
    assert len(user.images) == 2
    assert user.images[1].shape == user.images[0].shape
    assert user.text.count("0.501") == user.text.count("2.000") == 2


def test_without_the_setting_the_range_of_depths_is_told_in_words(look):
    user = Prompter().prompt("Go.", [], look()).turns[-1]
    assert "from 1.000 m (nearest) to 1.000 m (farthest)" in user.text
    assert "depth map" not in user.text


@pytest.mark.parametrize("depth_m", [None, np.full((30, 40), np.nan, dtype=np.float32)])
def test_without_any_depth_there_is_no_second_picture(look, depth_m):
    user = Prompter(depth_image=True).prompt("Go.", [], look(depth_m=depth_m)).turns[-1]
    assert len(user.images) == 1
    assert "No depth was measured" in user.text


def test_near_is_yellow_far_is_violet_and_no_reading_is_black():
    near, far, missing = colour_depth(np.array([[0.5, 2.0, np.nan]], dtype=np.float32))[0].tolist()
    assert near[0] > 200
    assert near[1] > 200
    assert near[2] < 100
    assert far[2] > far[0] > far[1]
    assert missing == [0, 0, 0]


def test_one_single_depth_can_be_coloured():
    assert colour_depth(np.full((2, 2), 1.5, dtype=np.float32)).shape == (2, 2, 3)


def test_nothing_measured_has_no_range():
    assert measured_range(np.full((2, 2), np.nan, dtype=np.float32)) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"{{ instructoin }}", r"user\.txt names 'instructoin'; the placeholders are: depth_image,"),
        (b"one\n{% if %}", r"user\.txt, line 2"),
        (b"{{ instruction", r"user\.txt, line 1"),
        (b"\xff\xfe", r"user\.txt cannot be read"),
    ],
)
def test_a_broken_template_is_found_before_the_robot_moves(own_prompts, text, fault):
    with pytest.raises(PromptError, match=fault):
        Prompter(directory=own_prompts("user.txt", text))


@pytest.mark.parametrize(
    "text",
    [
        b"{{ gripper.colour }}",
        b"{{ instruction.__class__.__mro__ }}",
        b"{{ 1 / 0 }}",
        b"{{ depth_range + 1 }}",
        b"{{ '%d' | format(instruction) }}",
        b"{% include 'system.txt' %}",
    ],
)
def test_a_template_that_fails_is_named(look, own_prompts, text):
    prompter = Prompter(directory=own_prompts("user.txt", text))
    with pytest.raises(PromptError, match=r"user\.txt"):
        prompter.prompt("Go.", [], look())


def test_a_missing_template_is_named(tmp_path):
    with pytest.raises(PromptError, match=r"system\.txt cannot be read"):
        Prompter(directory=tmp_path)


def test_both_languages_have_the_same_files():
    english, chinese = ({path.name for path in (prompts_dir() / language).iterdir()} for language in LANGUAGES)
    assert english == chinese
