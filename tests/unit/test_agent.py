from __future__ import annotations

import pytest

from embodied.agent import Agent, AgentSettings
from embodied.commands import Grasp, ImagePoint, Move
from embodied.errors import ControllerError, ModelError, UsageError
from embodied.geometry import Box
from embodied.guard import Guard, Limits, Site
from embodied.planner import Planner
from embodied.prompting import Prompter
from embodied.result import Measured, Reason, Result
from embodied.testing import FakeController, FlatWorld, ScriptedPlanner

GOAL = ("red cube", Box((0.05, 0.05, -0.01), (0.35, 0.25, 0.01), "upper right"))


def at(controller, name, up_m=0.0):
    thing = controller.world.thing(name)
    x, y, _ = thing.base_in_world_m
    px, py, z = controller.observe().camera.project((x, y, thing.top_m + up_m)).tolist()
    return ImagePoint(x=px, y=py, z=z)


def grasp_and_move(controller):
    """Grasp the red cube, which then hangs 10 cm higher, and set it down at the upper right."""
    end = ImagePoint(x=0.75, y=0.25, z=1.0)
    return [Grasp(at=at(controller, "red cube")), Move(start=at(controller, "red cube", 0.10), end=end)]


def run(controller, replies, *, guard=None, max_steps=6):
    steps = []
    planner = replies if isinstance(replies, Planner) else ScriptedPlanner([str(reply) for reply in replies])
    agent = Agent(controller, planner, guard or Guard(controller.site), Prompter(), AgentSettings(max_steps=max_steps))
    return agent.run("put the red cube to the upper right", steps.append), steps


def reasons(steps):
    return [step.result and step.result.reason for step in steps]


def test_episode_goes_on_to_done_and_the_thing_is_where_it_should_be():
    with FakeController(goal=GOAL) as controller:
        assert not controller.judge("done").success
        ending, steps = run(controller, grasp_and_move(controller))
        assert (ending, reasons(steps)) == ("done", [None, None, None])
        assert controller.judge("done").success


def test_every_step_is_told_as_soon_as_it_has_ended():
    motions = []
    with FakeController() as controller:
        planner = ScriptedPlanner([str(command) for command in grasp_and_move(controller)])
        agent = Agent(controller, planner, Guard(controller.site), Prompter())
        agent.run("go", lambda step: motions.append((step.index, controller.motions)))
    assert motions == [(0, 1), (1, 2), (2, 2)]


def test_second_instruction_on_one_connection_moves_the_robot_again():
    with FakeController() as controller:
        run(controller, grasp_and_move(controller))
        again = grasp_and_move(controller)
        run(controller, again)
        assert controller.motions == 4


def test_refusal_ends_the_episode_and_moves_nothing():
    with FakeController() as controller:
        ending, steps = run(controller, ['refuse("that is a cat")'])
        assert (ending, len(steps), controller.motions) == ("refused", 1, 0)
        assert steps[0].decision.command.reason == "that is a cat"


def test_episode_ends_at_the_step_limit():
    with FakeController() as controller:
        ending, steps = run(controller, ["approach(0.5, 0.5, 1.0)"] * 9, max_steps=3)
        assert (ending, len(steps)) == ("step_limit", 3)


def test_reply_that_is_no_command_is_asked_again_once_then_costs_a_step_and_moves_nothing():
    with FakeController() as controller:
        ending, steps = run(controller, ["I would grasp it", "still thinking", "done()"])
        assert (ending, reasons(steps)) == ("done", [Reason.PLANNER_INVALID, None])
        assert [reply.text for reply in steps[0].decision.replies] == ["I would grasp it", "still thinking"]
        assert controller.motions == 0


def test_reply_that_is_mended_costs_no_step():
    with FakeController() as controller:
        ending, steps = run(controller, ["well...", "done()"])
        assert (ending, len(steps)) == ("done", 1)
        assert len(steps[0].decision.replies) == 2


def test_point_that_cannot_be_grounded_is_told_to_the_model_and_moves_nothing():
    with FakeController() as controller:
        _, steps = run(controller, ["grasp(0.5, 0.5, 2.0)"])
        assert reasons(steps)[0] is Reason.DEPTH_MISMATCH
        assert "1.000" in steps[0].result.message
        assert "1.000" in steps[1].prompt.turns[-1].text
        assert steps[0].verdict is None
        assert controller.motions == 0


def test_command_that_the_guard_denies_moves_nothing():
    with FakeController() as controller:
        site = Site(controller.site.workspace, keep_out=(Box((-1, -1, -0.1), (1, 1, 0.1), "table"),))
        _, steps = run(controller, ["grasp(0.5, 0.5, 1.0)"], guard=Guard(site))
        assert reasons(steps)[0] is Reason.FORBIDDEN
        assert not steps[0].verdict.allowed
        assert controller.motions == 0


def test_dry_run_judges_every_command_and_moves_nothing():
    with FakeController() as controller:
        _, steps = run(
            controller, ["grasp(0.5, 0.5, 1.0)", "grasp(0.5, 0.5, 3.0)"], guard=Guard(controller.site, dry_run=True)
        )
        assert reasons(steps) == [Reason.DRY_RUN, Reason.DEPTH_MISMATCH, None]
        assert controller.motions == 0


def test_failure_of_a_motion_goes_back_to_the_model():
    with FakeController() as controller:
        _, steps = run(controller, ["grasp(0.5, 0.5, 1.0)"])
        assert reasons(steps)[0] is Reason.MISSED_GRASP
        assert steps[0].result.message in steps[1].prompt.turns[-1].text


def test_robot_that_exceeds_the_limits_of_the_site_is_not_admitted():
    controller = FakeController(speed_m_s=0.5)
    guard = Guard(Site(controller.site.workspace, limits=Limits(speed_m_s=0.1, force_n=60.0)))
    with pytest.raises(UsageError, match=r"0\.5 m/s"):
        run(controller, [], guard=guard)


def test_measured_force_beyond_the_limit_stops_the_robot_and_ends_the_episode():
    pressed = Result("succeeded", None, "pressed", Measured((0, 0, 0), 0.0, False, 1.0, 0.1, 99.0))
    with FakeController(results=[pressed]) as controller:
        ending, _ = run(controller, ["approach(0.5, 0.5, 1.0)"])
        assert ending == "limit_broken"
        assert controller.stop_requested


def test_stopped_robot_ends_the_episode():
    with FakeController() as controller:
        controller.stop()
        ending, steps = run(controller, ["approach(0.5, 0.5, 1.0)"])
        assert (ending, reasons(steps)) == ("stopped", [Reason.STOPPED])


class BrokenPlanner(Planner):
    name, tier = "broken", "blind"

    def reply(self, prompt):
        raise ModelError("the key is wrong")


class BrokenRobot(FakeController):
    def perform(self, grounded, timeout_s):
        raise ControllerError("the robot is gone")


def test_model_that_fails_stops_the_robot_and_is_raised():
    with FakeController() as controller:
        with pytest.raises(ModelError, match="key"):
            run(controller, BrokenPlanner())
        assert controller.stop_requested


@pytest.mark.parametrize("reply", ["approach(0.5, 0.5, 1.0)"])
def test_robot_that_fails_is_stopped_and_the_error_is_raised(reply):
    with BrokenRobot() as controller:
        with pytest.raises(ControllerError, match="gone"):
            run(controller, [reply])
        assert controller.stop_requested


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_whatever_is_raised_while_a_step_is_told_stops_the_robot(error):
    def fail(step):
        raise error

    with FakeController() as controller:
        agent = Agent(controller, ScriptedPlanner([]), Guard(controller.site), Prompter())
        with pytest.raises(error):
            agent.run("go", fail)
        assert controller.stop_requested


def test_planner_sees_what_the_camera_sees_now_and_not_what_it_saw():
    with FakeController(FlatWorld()) as controller:
        _, steps = run(controller, grasp_and_move(controller))
    ids = [step.prompt.observation.id for step in steps]
    assert ids == sorted(set(ids))
    assert steps[0].observation.image.tobytes() != steps[1].observation.image.tobytes()
