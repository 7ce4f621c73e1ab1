from __future__ import annotations

import pytest

from embodied.commands import Done, Grasp, ImagePoint
from embodied.errors import ModelError
from embodied.planner import Planner, Prompt, Reply, Turn, decide


class Speaker(Planner):
    name, tier = "speaker", "blind"

    def __init__(self, *texts):
        self.texts, self.prompts = list(texts), []

    def reply(self, prompt):
        self.prompts.append(prompt)
        if not self.texts:
            raise ModelError("gone")
        return Reply(self.texts.pop(0), 10, 2, 0.5)


@pytest.fixture
def prompt(look):
    return Prompt((Turn("system", "You are a robot."), Turn("user", "Go.")), look(), 0)


def test_a_valid_reply_is_taken_at_once(prompt):
    speaker = Speaker("grasp(0.1, 0.2, 0.3)", "done()")
    decision = decide(speaker, prompt)
    assert decision.command == Grasp(at=ImagePoint(x=0.1, y=0.2, z=0.3))
    assert (len(decision.replies), decision.error) == (1, None)
    assert speaker.prompts == [prompt]


def test_an_invalid_reply_is_shown_to_the_model_with_its_error(prompt):
    speaker = Speaker("grasp it", "done()")
    decision = decide(speaker, prompt)
    assert decision.command == Done()
    assert [reply.text for reply in decision.replies] == ["grasp it", "done()"]
    *before, said, fault = speaker.prompts[1].turns
    assert tuple(before) == prompt.turns
    assert (said.role, said.text) == ("assistant", "grasp it")
    assert fault.role == "user"
    assert "not exactly one command" in fault.text


def test_two_invalid_replies_are_no_command_and_nobody_asks_a_third_time(prompt):
    speaker = Speaker("grasp it", "grasp(2, 0, 1)", "done()")
    decision = decide(speaker, prompt)
    assert decision.command is None
    assert "less than or equal to 1" in decision.error
    assert len(decision.replies) == 2
    assert speaker.texts == ["done()"]


def test_what_only_a_person_can_mend_is_raised(prompt):
    with pytest.raises(ModelError, match="gone"):
        decide(Speaker(), prompt)
