"""The kitchen as a Gymnasium environment: one step is one command, and the reward is what the judge says.

Gymnasium 1.x looks for no plug-ins, so import this module first, or name it::

    gymnasium.make("embodied.gym:embodied/Kitchen-v0")

The action is a command in numbers; ``action_of`` and ``command_of`` are the two ways between them.
"""

from __future__ import annotations

import json
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from embodied import registry
from embodied.agent import AgentSettings
from embodied.camera import IMAGE_SIZE_PX
from embodied.commands import COMMANDS, MAX_DEPTH_M, Approach, Done, Grasp, Move, Refuse, parse
from embodied.controller import Controller
from embodied.errors import CommandError, ControllerError, GroundingError, UsageError
from embodied.grounding import ground
from embodied.guard import Guard
from embodied.judge import Ending, Judge
from embodied.observation import Observation
from embodied.result import Reason, Result
from embodied.task import load_task

ENVIRONMENT_ID = "embodied/Kitchen-v0"
DEFAULT_TASK = "bag_out_of_drawer"
KINDS: tuple[str, ...] = tuple(kind.model_fields["kind"].default for kind in COMMANDS)
"""The commands' names, in the order of the action's ``kind``."""
MIN_DEPTH_M = 0.001
FARTHEST_M = 100.0
"""A depth beyond this counts as no reading: the space of observations must end somewhere."""
NO_READING_M = 0.0
"""A Box has no word for NaN; no true depth is 0."""
REFUSAL = "the agent refused"

Fields = dict[str, Any]


def action_space() -> spaces.Dict:
    """``kind``, a number from ``KINDS``, and two points (x, y, z) of which a command uses none, the first, or both."""
    low = np.array([[0.0, 0.0, MIN_DEPTH_M]] * 2, dtype=np.float32)
    high = np.array([[1.0, 1.0, MAX_DEPTH_M]] * 2, dtype=np.float32)
    return spaces.Dict({"kind": spaces.Discrete(len(KINDS)), "points": spaces.Box(low, high, dtype=np.float32)})


def observation_space(image_size_px: tuple[int, int]) -> spaces.Dict:
    """Picture, depth map (0 where nothing was read) and gripper."""
    width_px, height_px = image_size_px
    gripper = {"width_m": spaces.Box(0.0, 1.0, (1,), np.float32), "holding": spaces.Discrete(2)}
    return spaces.Dict(
        {
            "image": spaces.Box(0, 255, (height_px, width_px, 3), np.uint8),
            "depth_m": spaces.Box(0.0, FARTHEST_M, (height_px, width_px), np.float32),
            "gripper": spaces.Dict(gripper),
        }
    )


def command_of(action: Fields) -> Approach | Grasp | Move | Done | Refuse:
    """The command that an action stands for.

    Raises:
        CommandError: If it stands for none: a kind or a coordinate out of range, or not finite.
    """
    kind = int(action["kind"])
    if not 0 <= kind < len(KINDS):
        raise CommandError(f"kind {kind} is none of 0 to {len(KINDS) - 1}: {', '.join(KINDS)}")
    points = [dict(zip("xyz", map(float, point), strict=True)) for point in np.asarray(action["points"])]
    fields: dict[str, Fields] = {
        "approach": {"at": points[0]},
        "grasp": {"at": points[0]},
        "move": {"start": points[0], "end": points[1]},
        "done": {},
        "refuse": {"reason": REFUSAL},
    }
    return parse(json.dumps({"kind": KINDS[kind], **fields[KINDS[kind]]}))


def action_of(command: Approach | Grasp | Move | Done | Refuse) -> Fields:
    """The action that stands for a command; a refusal loses its reason."""
    points = np.array([[0.5, 0.5, 1.0]] * 2, dtype=np.float32)
    match command:
        case Approach(at=at) | Grasp(at=at):
            points[0] = (at.x, at.y, at.z)
        case Move(start=start, end=end):
            points[:] = (start.x, start.y, start.z), (end.x, end.y, end.z)
    return {"kind": np.int64(KINDS.index(command.kind)), "points": points}


class KitchenEnv(gymnasium.Env[Fields, Fields]):
    """A task in the kitchen, rebuilt at every reset from a seed drawn from ``np_random``.

    An episode ends with ``done`` or ``refuse``, and is truncated at the limit of steps. The reward is 1 if the judge
    says then that the task was done (some are done by refusing), else 0. A command that is invalid, cannot be grounded
    or is forbidden moves nothing; Gymnasium's ``info`` says what came of it.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 1}

    def __init__(
        self,
        task: str = DEFAULT_TASK,
        controller: str = "kitchen",
        image_size_px: tuple[int, int] = IMAGE_SIZE_PX,
        max_steps: int | None = None,
        renderer: str = "tiny",
        render_mode: str | None = None,
    ) -> None:
        """Load the task; the kitchen is built at the first reset.

        Args:
            task: Name or file of the task.
            controller: Name of the simulated robot.
            image_size_px: (width, height) of the planning camera.
            max_steps: Limit of steps; by default the task's.
            renderer: Which renderer the simulator uses.
            render_mode: ``rgb_array`` for what the camera saw last.

        Raises:
            UsageError: If there is no such task, or its file is broken.
        """
        self.render_mode = render_mode
        self.action_space, self.observation_space = action_space(), observation_space(image_size_px)
        self._task, self._name, self._renderer, self._size_px = load_task(task), controller, renderer, image_size_px
        self._max_steps = max_steps or self._task.max_steps
        self._settings = AgentSettings()
        self._controller: Controller | None = None
        self._seen: Observation | None = None
        self._steps = 0

    def reset(self, *, seed: int | None = None, options: Fields | None = None) -> tuple[Fields, Fields]:
        """Build the kitchen anew and look."""
        super().reset(seed=seed)
        self.close()
        setup = registry.ControllerSetup(
            scene=self._task.scene,
            task=self._task,
            seed=int(self.np_random.integers(2**31)),
            renderer=self._renderer,
            image_size_px=self._size_px,
        )
        controller = registry.open_controller(self._name, setup)
        if not isinstance(controller, Judge):
            raise UsageError(f"controller {self._name!r} cannot be judged, so there is no reward")
        self._controller, self._steps = controller.__enter__(), 0
        self._guard = Guard(controller.site)
        self._guard.admit(controller.capabilities.limits, self._name)
        return self._look(), {"instruction": self._task.instruction()}

    def step(self, action: Fields) -> tuple[Fields, float, bool, bool, Fields]:
        """Carry out one command and look again."""
        controller = self._connected()
        self._steps += 1
        try:
            command = command_of(action)
        except CommandError as error:
            return self._after(str(error), Result("rejected", Reason.PLANNER_INVALID, str(error)), False)
        if isinstance(command, Done | Refuse):
            return self._after(str(command), None, True, self._reward(command))
        result = self._act(controller, command)
        within = self._guard.review(result).allowed
        if not within:
            controller.stop()
        return self._after(str(command), result, not within or result.reason is Reason.STOPPED)

    def render(self) -> NDArray[np.uint8] | None:
        """What the camera saw last."""
        picture = self._seen.image if self.render_mode and self._seen else None
        return None if picture is None else np.array(picture)

    def close(self) -> None:
        """Take the kitchen down."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.__exit__(None, None, None)

    def _connected(self) -> Controller:
        if self._controller is None:
            raise ControllerError("the kitchen is not there yet, or no more; call reset() first")
        return self._controller

    def _act(self, controller: Controller, command: Approach | Grasp | Move) -> Result:
        assert self._seen is not None
        try:
            grounded = ground(command, self._seen, f"look-{self._seen.id}", self._settings.grounding)
        except GroundingError as error:
            return Result("rejected", Reason(error.reason), str(error))
        verdict = self._guard.judge(grounded)
        if not verdict.allowed:
            return Result("rejected", verdict.reason, verdict.message)
        return controller.execute(grounded, self._settings.command_timeout_s)

    def _reward(self, command: Done | Refuse) -> float:
        ending: Ending = "done" if isinstance(command, Done) else "refused"
        judgement = self._controller.judge(ending) if isinstance(self._controller, Judge) else None
        return float(judgement is not None and judgement.success)

    def _after(
        self, command: str, result: Result | None, ended: bool, reward: float = 0.0
    ) -> tuple[Fields, float, bool, bool, Fields]:
        """What Gymnasium wants to hear of a step."""
        said = {
            "command": command,
            "status": result.status if result else "",
            "reason": result.reason.value if result and result.reason else "",
            "message": result.message if result else "",
        }
        return self._look(), reward, ended, not ended and self._steps >= self._max_steps, said

    def _look(self) -> Fields:
        self._seen = seen = self._connected().observe()
        width_px, height_px = self._size_px
        if seen.image.shape[:2] != (height_px, width_px):
            raise ControllerError(
                f"asked for {width_px} x {height_px} pixels, got an image of shape {seen.image.shape}"
            )
        return {
            "image": seen.image.copy(),
            "depth_m": _depth_without_nan(seen),
            "gripper": {
                "width_m": np.array([seen.gripper.width_m], dtype=np.float32),
                "holding": np.int64(seen.gripper.holding),
            },
        }


def _depth_without_nan(seen: Observation) -> NDArray[np.float32]:
    if seen.depth_m is None:
        return np.full(seen.image.shape[:2], NO_READING_M, dtype=np.float32)
    unread = ~(seen.depth_m <= FARTHEST_M)
    return np.where(unread, np.float32(NO_READING_M), seen.depth_m)


gymnasium.register(id=ENVIRONMENT_ID, entry_point="embodied.gym:KitchenEnv")
