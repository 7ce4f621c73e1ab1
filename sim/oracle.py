"""The oracle: a planner that reads the simulator to decide which command comes next.

It speaks the same commands in the same image coordinates as any other planner, through the same grounding, guard and
controller, so that it shows what the robot can do. Its tier is ``oracle``, and every figure says so.
"""

from __future__ import annotations

from embodied.commands import Done
from embodied.errors import UsageError
from embodied.planner import Planner, Prompt, Reply, Tier
from embodied.registry import PlannerSetup
from sim.agenda import first, pending
from sim.controller import KitchenController
from sim.goals import Goal
from sim.judges import check_goal
from sim.pointing import Picture
from sim.situation import Situation
from sim.tactics import Command, empty_hand, pursue, wait
from sim.tries import Tries
from sim.whereabouts import Held

PATIENCE = 3
"""So often the oracle waits for things to come to rest."""


class OraclePlanner(Planner):
    """Says what to do next for that part of a goal which does not hold and comes first."""

    name = "oracle"
    tier: Tier = "oracle"

    def __init__(self, controller: KitchenController, goal: Goal) -> None:
        """Look into the world of ``controller``, which must be connected by the first question."""
        self._controller, self._goal = controller, goal
        self._tries = Tries()

    def reply(self, prompt: Prompt) -> Reply:
        """The next command, in call form."""
        world = self._controller.world
        picture = Picture.of(world, prompt.observation)
        return Reply(str(choose(Situation(world, picture, self._controller.glance(), self._goal, self._tries))))


def open_planner(setup: PlannerSetup) -> OraclePlanner:
    """The entry point.

    Raises:
        UsageError: If the controller is not the simulated kitchen, there is no task, or its goal is none in the scene.
    """
    if not isinstance(setup.controller, KitchenController):
        raise UsageError("the oracle reads the simulator: it works with the controller 'kitchen' alone")
    if setup.task is None:
        raise UsageError("the oracle needs a task, by name or by one of its phrases: it understands no other words")
    return OraclePlanner(setup.controller, check_goal(setup.controller.world.scene, setup.task.goal))


def choose(now: Situation) -> Command:
    """The next command towards the goal."""
    restless = None if now.hand_full else now.restless
    if restless is not None and now.tries.another("wait") < PATIENCE:
        return wait(restless, now)
    if parts := pending(now.goal, now.evidence):
        return pursue(first(parts, now.world, now.held_thing.name if now.held_thing else None), now)
    held_on_purpose = any(isinstance(part, Held) and part.holds(now.evidence) for part in now.goal.walk())
    return empty_hand(now) if now.hand_full and not held_on_purpose else Done()
