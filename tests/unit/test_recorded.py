from __future__ import annotations

import json

import pytest

from embodied.episode import Configuration, Header
from embodied.errors import EpisodeError, ModelError, UsageError
from embodied.models.recorded import RecordedPlanner, open_planner, read_replies
from embodied.planner import Prompt, Reply, Turn
from embodied.registry import PlannerSetup
from embodied.testing import FakeController

FIRST = {"text": "grasp it", "prompt_tokens": 900, "reply_tokens": 5, "cost_usd": 0.25}
SECOND = {"text": "grasp(0.1, 0.2, 0.3)", "prompt_tokens": 950, "reply_tokens": 12, "cost_usd": None}
STEPS = [{"index": 0, "replies": [FIRST, SECOND], "command": "..."}, {"index": 1, "replies": [{"text": "完成（）"}]}]
RECORD = "".join(json.dumps(step, ensure_ascii=False) + "\n" for step in STEPS)
REPLIES = (Reply("grasp it", 900, 5, 0.25), Reply("grasp(0.1, 0.2, 0.3)", 950, 12, None), Reply("完成（）"))


@pytest.fixture
def episode(tmp_path):
    """Writes an episode with these lines and returns its directory."""

    def write(lines):
        configuration = Configuration(instruction="Go.", planner="openai", controller="fake", max_steps=2)
        header = Header(started="2024-01-01T00:00:00+00:00", configuration=configuration, versions={})
        (tmp_path / "config.json").write_text(header.model_dump_json(), encoding="utf-8")
        (tmp_path / "episode.jsonl").write_text(lines, encoding="utf-8")
        return tmp_path

    return write


def test_replies_come_again_in_order_with_tokens_and_costs(episode, look):
    prompt = Prompt((Turn("user", "Go."),), look(), 0)
    planner = open_planner(PlannerSetup(controller=FakeController(), model=str(episode(RECORD))))
    assert tuple(planner.reply(prompt) for _ in REPLIES) == REPLIES
    assert planner.tier == "blind"


def test_more_replies_than_were_recorded_is_an_error_that_says_so(episode, look):
    planner = RecordedPlanner(episode(RECORD))
    prompt = Prompt((Turn("user", "Go."),), look(), 0)
    for _ in REPLIES:
        planner.reply(prompt)
    with pytest.raises(ModelError, match="has 3 replies and no more is recorded"):
        planner.reply(prompt)


@pytest.mark.parametrize("cut", [1, 10, 30])
def test_a_last_line_torn_by_the_death_of_the_writer_is_left_out(episode, cut):
    assert read_replies(episode(RECORD[:-cut])) == REPLIES[:2]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("", "no step"),
        (RECORD[:40] + "\n" + RECORD, "line 1, is not JSON"),
        ('{"index": 0}\n', "line 1: replies: Field required"),
        ('{"index": 0, "replies": [{"text": 5}]}\n', "line 1: replies.0.text: Input should be a valid string"),
        ('{"index": 0, "replies": 5}\n', "line 1: replies"),
    ],
)
def test_a_broken_record_is_an_error_that_says_where(episode, lines, fault):
    with pytest.raises(EpisodeError, match=fault):
        read_replies(episode(lines))


def test_a_missing_episode_is_an_error_that_names_it(tmp_path):
    with pytest.raises(EpisodeError, match="nowhere is not an episode"):
        RecordedPlanner(tmp_path / "nowhere")


def test_no_episode_named_is_an_error_of_usage():
    with pytest.raises(UsageError, match="directory of an earlier episode"):
        open_planner(PlannerSetup(controller=FakeController()))
