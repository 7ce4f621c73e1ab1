from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from embodied.commands import parse
from embodied.drawing import draw_command, look_picture
from embodied.episode import read_episode
from embodied.registry import ControllerSetup, open_controller
from embodied.report import mood, write_report
from embodied.running import run_episode

EVIL = "<script>alert(1)</script> {{ 7 * 7 }} \"onload='x'"


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.sources = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href", "srcset", "poster")]


def page(settings):
    run_episode(settings)
    return (settings.out / "report.html").read_text(encoding="utf-8")


def test_whatever_people_and_models_write_is_data(settings):
    text = page(replace(settings, instruction=EVIL, model=f'{EVIL}\n; refuse("{EVIL[:20]}")'))
    assert "script" not in Tags(text).tags
    assert "{{ 7 * 7 }}" in text
    assert "&lt;script&gt;" in text


def test_the_page_stands_alone_but_for_its_video(settings):
    sources = Tags(page(settings)).sources
    assert {source for source in sources if not source.startswith("data:image/jpeg;base64,")} == {"video.mp4"}
    assert len(sources) == 3 * 2 + 2, "a picture and a depth map a step, the video and its poster"


def test_the_page_shows_every_step_and_the_outcome(settings):
    text = page(settings)
    assert re.findall(r'id="step-(\d+)"', text) == ["0", "1", "2"]
    assert "grasp(0.313, 0.417, 0.950)" in text
    assert 'class="good"' in text
    assert "red cube in right half" in text


def test_a_repaired_reply_is_shown_with_its_error(settings):
    text = page(replace(settings, model="grab it; done()"))
    assert "grab it" in text
    assert "asked again" in text


def test_a_page_of_an_episode_under_way_says_so(settings):
    seen = []
    run_episode(settings, lambda step: seen.append((settings.out / "report.html").read_text(encoding="utf-8")))
    assert [text.count("<article") for text in seen] == [1, 2, 3]
    assert all("still running, or its process died" in text for text in seen)


def test_the_page_can_be_drawn_anew_from_the_record(settings):
    first = page(settings)
    (settings.out / "report.html").unlink()
    assert write_report(settings.out).read_text(encoding="utf-8") == first


def test_the_page_of_a_robot_that_cannot_be_judged_is_neither_good_nor_bad(settings):
    assert 'class="open"' in page(replace(settings, controller="unjudged"))


def test_the_mood_follows_the_judge(settings):
    outcome = run_episode(settings)
    changes = [{}, {"success": False}, {"success": None}, {"success": None, "ended": "error"}]
    moods = [mood(outcome.model_copy(update=change)) for change in changes]
    assert moods == ["good", "bad", "open", "bad"]
    assert mood(None) == "open"


@pytest.mark.parametrize("text", ["approach(0.5,0.5,1)", "grasp(1.0,1.0,1)", "move(0,0,1,1,1,1)"])
def test_a_command_is_drawn_where_it_points_and_the_picture_stays_as_it_was(text):
    image = np.zeros((60, 80, 3), dtype=np.uint8)
    drawn = draw_command(image, parse(text))
    assert drawn.any()
    assert not image.any()
    assert not draw_command(image, parse("done()")).any()


def test_what_the_camera_sees_is_colour_beside_depth(plugins):
    with open_controller("flat", ControllerSetup()) as controller:
        observation = controller.observe()
    picture = look_picture(observation)
    assert picture.shape[1] == 2 * observation.image.shape[1]
    blind = look_picture(replace(observation, depth_m=None))
    assert blind.shape[1] == observation.image.shape[1]


def test_a_record_reads_back_the_same_after_the_page_was_drawn(settings):
    page(settings)
    before = read_episode(settings.out)
    write_report(settings.out)
    assert read_episode(settings.out) == before
