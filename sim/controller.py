"""The simulated kitchen's robot: a ``MotionController`` over the PyBullet Panda, whose world can be judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embodied.controller import Capabilities
from embodied.errors import ControllerError
from embodied.grounding import GroundedCommand
from embodied.guard import Limits, Site
from embodied.judge import Ending, Judgement
from embodied.motion.arm import Arm
from embodied.motion.body import Body
from embodied.motion.controller import MotionController
from embodied.motion.eye import Eye, Look
from embodied.motion.kinematics import Kinematics
from embodied.motion.pointcloud import open3d
from embodied.registry import ControllerSetup
from embodied.result import Result
from sim.arm import GRIPPER, PandaArm, describe
from sim.course import Course
from sim.disturbances.disturbance import Disturbance
from sim.disturbances.drawing import draw
from sim.evidence import Evidence, glance
from sim.goals import Goal
from sim.judges import check_goal, judge
from sim.rendering import Renderer
from sim.scene import Scene, load_scene
from sim.world import CAMERAS, World

DEFAULT_SCENE = "drawer_bag"
SPEED_M_S = 1.0
FORCE_N = 60.0


class KitchenEye(Eye):
    """The cameras of a simulated kitchen."""

    def __init__(self, world: World) -> None:
        """See with the cameras of ``world``."""
        self._world = world

    @property
    def names(self) -> tuple[str, ...]:
        """The fixed camera, then the one on the wrist."""
        return CAMERAS

    @property
    def in_hand(self) -> str:
        """The one on the wrist."""
        return CAMERAS[1]

    def look(self, name: str) -> Look:
        """Render one picture."""
        image, depth_m, camera = self._world.look(name)
        return Look(self._world.time_s, image, depth_m, camera)


class KitchenController(MotionController):
    """The Panda in a kitchen that is built anew at each connection.

    Attributes:
        setup: What it was opened with.
    """

    def __init__(self, setup: ControllerSetup, scene: Scene | None = None) -> None:
        """Read the scene, or take the one that is given; the world is built when connecting.

        Raises:
            SceneError: If the scene's files or the task's goal are broken.
        """
        super().__init__(seed=setup.seed)
        self.setup = setup
        self._goal: Goal | None = None
        if (task := setup.task) is None:
            self._scene = scene or load_scene(setup.scene or DEFAULT_SCENE)
        else:
            self._scene = scene or load_scene(setup.scene or task.scene, task.initial, task.name)
            self._goal = check_goal(self._scene, task.goal)
        self._course = Course(self._goal)
        self._disturbance: Disturbance | None = None
        self._world: World | None = None

    @property
    def capabilities(self) -> Capabilities:
        """A Panda with two cameras; the simulation stops when its process does."""
        return Capabilities(
            name="kitchen",
            workspace=self._scene.kitchen.site[0],
            limits=Limits(SPEED_M_S, FORCE_N),
            gripper_width_m=GRIPPER.max_width_m,
            cameras=CAMERAS,
            has_depth=True,
            watchdog="process",
            emergency_stop="software",
        )

    @property
    def site(self) -> Site:
        """The kitchen's own furniture is what to keep out of."""
        workspace, keep_out = self._scene.kitchen.site
        return Site(workspace, keep_out, limits=Limits(SPEED_M_S, FORCE_N))

    @property
    def world(self) -> World:
        """The simulator's truth, for judges and the oracle only.

        Raises:
            ControllerError: If not connected.
        """
        if self._world is None:
            raise ControllerError("the kitchen is not connected; use it in a with statement")
        return self._world

    def open_robot(self) -> tuple[Arm, Eye]:
        """Build the world."""
        if self._world is not None:
            self._world.close()
        rng = np.random.default_rng(self.setup.seed)
        renderer: Renderer = "egl" if self.setup.renderer == "egl" else "tiny"
        self._world = World.build(self._scene, rng, self.setup.gui, renderer, self.setup.image_size_px)
        self._course = Course(self._goal)
        self._course.note(self._world)
        arm = PandaArm(self._world)
        self._disturbance = draw(self._world, self._goal, self.setup.seed) if self.setup.disturbed else None
        if self._disturbance is not None:
            self._world.after_step.append(self._disturbance.step)
        return arm, KitchenEye(self._world)

    def perform(self, grounded: GroundedCommand, timeout_s: float) -> Result:
        """Do it, whatever comes between, and note how far the task has come."""
        if self._disturbance is not None:
            self._disturbance.command_begins()
        result = super().perform(grounded, timeout_s)
        if self._disturbance is not None:
            self._disturbance.command_ends()
        self._course.note(self.world)
        return result

    def disconnect(self) -> None:
        """Close the world, but for its last state: judges have been asked by then."""
        super().disconnect()
        if self._world is not None:
            self._world.close()
            self._world = None

    def film(self, sink: Callable[[NDArray[np.uint8]], None], period_s: float) -> None:
        """Send what the planning camera sees, every ``period_s`` of simulated time."""
        world = self.world
        due_s = [world.time_s]

        def shoot() -> None:
            if world.time_s >= due_s[0]:
                due_s[0] += period_s
                sink(world.look()[0])

        world.after_step.append(shoot)

    def glance(self) -> Evidence:
        """What a judge knows at this instant, for the oracle."""
        return glance(self.world, self._course.past)

    def judge(self, ending: Ending) -> Judgement | None:
        """Whether the task's goal holds now; ``None`` without a task."""
        if self._goal is None:
            return None
        told = () if self._disturbance is None else (self._disturbance.told,)
        return replace(judge(self.world, self._goal, self._course, ending), disturbances=told)


def open_controller(setup: ControllerSetup) -> KitchenController:
    """The entry point."""
    return KitchenController(setup)


def preload() -> None:
    """Import what is else imported at first use, and build a kitchen: what is the same in all of them is then known."""
    open3d()
    scene = load_scene(DEFAULT_SCENE)
    World.build(scene, np.random.default_rng(0)).close()
    Body(Kinematics(describe(scene.kitchen.robot)))
