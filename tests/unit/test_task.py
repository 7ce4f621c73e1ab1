from __future__ import annotations

import pytest

from embodied import task as tasks
from embodied.errors import SceneError, UnknownNameError
from embodied.task import find_task, load_task, task_names

GOOD = """
scene = "counter"
max_steps = 5
[instructions]
en = ["Put the mug away.", "tidy the mug"]
zh = ["把杯子收好"]
[goal]
on = ["mug", "shelf"]
"""


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    (tmp_path / "tasks").mkdir()
    monkeypatch.setattr(tasks, "scenes_dir", lambda: tmp_path)
    return tmp_path / "tasks"


@pytest.fixture
def mug(scenes):
    (scenes / "mug.toml").write_text(GOOD, encoding="utf-8")
    return scenes / "mug.toml"


def test_task_is_found_by_name_and_by_file(mug):
    assert load_task("mug") == load_task(str(mug))
    assert load_task("mug").name == "mug"
    assert load_task("mug").instruction("zh") == "把杯子收好"
    assert task_names() == ("mug",)


def test_unknown_task_lists_those_that_exist(mug):
    with pytest.raises(UnknownNameError, match="there are: mug"):
        load_task("cup")


def test_name_that_leaves_the_folder_is_unknown(mug):
    with pytest.raises(UnknownNameError):
        load_task("../tasks/mug")


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (GOOD.replace("max_steps = 5", "max_steps = 0"), r"max_steps: .*got '0'"),
        (GOOD.replace("max_steps = 5", 'max_steps = "5"'), "max_steps"),
        (GOOD.replace("max_steps", "max_stepz"), "max_stepz"),
        (GOOD.replace('zh = ["把杯子收好"]', "zh = []"), r"instructions\.zh"),
        (GOOD.replace('scene = "counter"', ""), "scene"),
        (GOOD.replace('en = ["Put the mug away.", "tidy the mug"]', 'en = [""]'), r"instructions\.en\.0"),
        ("scene = [", "mug.toml"),
        ("max_steps = " + "9" * 5000, "mug.toml"),
        ("goal = " + "[" * 5000, "mug.toml"),
    ],
)
def test_broken_file_is_an_error_that_names_file_and_field(mug, broken, named):
    mug.write_text(broken, encoding="utf-8")
    with pytest.raises(SceneError, match=named) as caught:
        load_task("mug")
    assert "mug.toml" in str(caught.value)


def test_file_that_is_not_text_or_not_there_is_an_error_that_names_it(mug):
    mug.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SceneError, match=r"mug\.toml"):
        load_task("mug")
    with pytest.raises(SceneError, match=r"nowhere\.toml"):
        load_task("nowhere.toml")


@pytest.mark.parametrize(
    "phrase", ["put the mug away", "Put  the mug away.", "TIDY THE MUG!", "把杯子收好。", " put the mug away. \n"]
)
def test_task_is_found_by_any_of_its_phrases_however_it_is_written(mug, phrase):
    assert find_task(phrase).name == "mug"


def test_task_is_not_found_by_other_words_or_in_another_scene(mug):
    assert find_task("put the mug") is None
    assert find_task("put the mug away", scene="office") is None
    assert find_task("put the mug away", scene="counter") is not None


def test_task_is_found_by_a_phrase_that_no_model_is_trained_on(mug):
    mug.write_text(GOOD + '[unseen_phrasings]\nen = ["might the mug go away?"]\n', encoding="utf-8")
    assert find_task("Might the mug go away?").name == "mug"
    assert "might the mug go away?" not in load_task("mug").instructions.en


def test_own_task_needs_neither_family_nor_split_nor_initial_state(mug):
    task = load_task("mug")
    assert (task.family, task.split, task.tests, task.initial) == ("own", "seen", "", {})


@pytest.mark.parametrize("line", ['family = "cooking"', 'split = "test"', "initial = 3", 'unseen_phrasings = ["a"]'])
def test_word_that_the_schema_does_not_know_is_an_error(mug, line):
    mug.write_text(f"{line}\n{GOOD}", encoding="utf-8")
    with pytest.raises(SceneError, match=line.split(" ")[0]):
        load_task("mug")
