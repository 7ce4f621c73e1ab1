from __future__ import annotations

import pytest
from tiny import SIZES

from embodied.training.building import build
from embodied.training.checkpoint import save_weights
from embodied.training.examining import Question, examine, questions_of
from embodied.training.examples import read_picture, texts
from embodied.training.running import run_examination


@pytest.fixture
def picture(data, examples):
    return read_picture(data, examples[0])


def at(thing, depth_m=1.2):
    x, y, _ = thing.point
    return f"{x:.3f}, {y:.3f}, {depth_m:.3f}"


def test_answer_that_points_is_right_on_the_right_thing_alone(picture, examples):
    red, blue = examples[0].things
    where = Question("where", "where is it?", f"red block ({at(red)})", (red.number,))
    assert where.is_answered_by(f"block ({at(red, 0.7)})", picture)
    assert not where.is_answered_by(f"red block ({at(blue)})", picture)
    assert not where.is_answered_by("red block", picture)
    assert not where.is_answered_by(f"red block ({at(red)}) ({at(red)})", picture)


def test_command_is_right_with_its_word_and_all_its_points(picture, examples):
    red, blue = examples[0].things
    move = Question("command", "put it there", f"move({at(red)}, {at(blue)})", (red.number, blue.number))
    assert move.is_answered_by(f"move({at(red)}, {at(blue)})", picture)
    assert not move.is_answered_by(f"move({at(blue)}, {at(red)})", picture)
    assert not move.is_answered_by(f"approach({at(red)}, {at(blue)})", picture)
    done = Question("command", "put it there", "done()", ())
    assert done.is_answered_by("done()", picture)
    assert not done.is_answered_by(f"grasp({at(red)})", picture)


def test_every_question_is_examined_under_what_it_asks_for(data, examples, picture):
    questions = list(questions_of(examples[0], picture))
    assert [each.sort for each in questions] == ["where", "where", "count", "where"]
    assert [each.things for each in questions] == [(1,), (2,), (), ()]
    assert all(each.is_answered_by(each.answer, picture) for each in questions)


def test_examination_counts_seeing_and_blind_alike(data, examples, tmp_path):
    model, processor = build(texts(examples), SIZES, seed=0)
    save_weights(model, processor, tmp_path, model.state_dict())
    for marks in run_examination(tmp_path, data, most=7):
        assert sum(mark.asked for mark in marks.values()) == 7
        assert all(0 <= mark.right <= mark.asked for mark in marks.values())
    assert set(examine(model, processor, data, examples, 100, blind=False)) == {"where", "count"}
