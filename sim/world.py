"""The simulated kitchen: one PyBullet client, built anew for every episode."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType

import numpy as np
import pybullet as p
from numpy.typing import NDArray

from embodied.camera import IMAGE_SIZE_PX, Camera
from embodied.errors import UnknownNameError
from sim import fixtures, rendering
from sim.arrangement import Arrangement
from sim.population import populate
from sim.rendering import Renderer, Shot
from sim.scene import Scene
from sim.things import FurnitureJoint, Region, Thing, link_pose
from sim.variation import Variation

TIME_STEP_S = 1.0 / 240.0
SETTLING_STEPS = 240
"""One second: what was put down has come to rest."""
CAMERAS = ("planning", "wrist")


class World:
    """A kitchen with a Panda and things in it; also a context manager.

    Attributes:
        client: Of PyBullet.
        scene: What it was built from.
        variation: Surfaces, lamp and planning camera of this episode.
        renderer: "tiny" or "egl".
        robot: Number of the Panda's body.
        fixed: Number of the body of all furniture that stands still.
        furniture: Number of the body of all doors, drawers and buttons; each is a link.
        objects: By their names in the scene.
        joints: Drawers, doors and buttons, by name.
        regions: By name.
        after_step: Called after every time step.
        presses: How often each button has clicked since the episode began.
        start: Where everything was when the episode began, at rest.
    """

    def __init__(self, client: int, folder: Path, scene: Scene, variation: Variation, rng: np.random.Generator) -> None:
        """Fill a fresh client; ``build`` is the way to call this."""
        self.client, self.scene, self.variation = client, scene, variation
        self.renderer: Renderer = "tiny"
        furnishing = scene.kitchen.furnishing
        self.robot = fixtures.load_robot(client, scene.kitchen.robot)
        self.fixed, self.furniture = fixtures.load_furniture(client, folder, furnishing, variation.materials)
        joints = {joint.name: joint for joint in fixtures.joints_of(client, self.furniture, furnishing)}
        regions = {
            region.name: region for region in fixtures.regions_of(client, self.fixed, self.furniture, furnishing)
        }
        self.joints: Mapping[str, FurnitureJoint] = MappingProxyType(joints)
        self.regions: Mapping[str, Region] = MappingProxyType(regions)
        self._open(scene.file.joints, rng)
        self.objects: Mapping[str, Thing] = MappingProxyType(populate(client, folder, scene, regions, rng))
        self.after_step: list[Callable[[], None]] = []
        self.presses: Counter[str] = Counter()
        self._down: set[str] = set()
        self._buttons = [joint for joint in joints.values() if joint.springs_back]
        self._steps = 0
        self._latest: tuple[Camera, int, Shot] | None = None
        self.start = Arrangement.of(self.objects, self.joints)

    @classmethod
    def build(
        cls,
        scene: Scene,
        rng: np.random.Generator,
        gui: bool = False,
        renderer: Renderer = "tiny",
        image_size_px: tuple[int, int] = IMAGE_SIZE_PX,
    ) -> World:
        """A new world in which everything has come to rest, with the clock at zero.

        Drawn from ``rng``, in this order: surfaces, lamp and camera; how far joints are open, in the file's order,
        where it leaves a choice; kinds and colours of the objects; their places.

        Raises:
            SceneError: If the objects do not fit.
            UsageError: If the renderer cannot be loaded.
        """
        client = p.connect(p.GUI if gui else p.DIRECT)
        try:
            return cls._fill(client, scene, rng, renderer, image_size_px)
        except BaseException:
            p.disconnect(client)
            raise

    @classmethod
    def _fill(
        cls, client: int, scene: Scene, rng: np.random.Generator, renderer: Renderer, size_px: tuple[int, int]
    ) -> World:
        _set_physics(client)
        if renderer == "egl":
            rendering.load_egl(client)
        variation = Variation.draw(scene.kitchen, scene.file, size_px, rng)
        with tempfile.TemporaryDirectory(prefix="kitchen-") as folder:
            world = cls(client, Path(folder), scene, variation, rng)
        world.renderer = renderer
        for _ in range(SETTLING_STEPS):
            p.stepSimulation(physicsClientId=client)
        world.start = Arrangement.of(world.objects, world.joints)
        return world

    @property
    def time_s(self) -> float:
        """Simulated time since the episode began."""
        return self._steps * TIME_STEP_S

    @property
    def cameras(self) -> Mapping[str, Camera]:
        """Both cameras at this instant."""
        return {name: self.camera(name) for name in CAMERAS}

    def camera(self, name: str = "planning") -> Camera:
        """One camera at this instant: "planning" stands still, "wrist" moves with the hand.

        Raises:
            UnknownNameError: If there is no such camera.
        """
        if name == "planning":
            return self.variation.camera
        if name != "wrist":
            raise UnknownNameError("camera", name, CAMERAS)
        size = self.variation.camera.intrinsics
        mounted = self.scene.kitchen.wrist_camera.camera("wrist", (size.width_px, size.height_px))
        X_WH = link_pose(self.client, self.robot, fixtures.HAND_LINK)
        return Camera(mounted.intrinsics, X_WH @ mounted.pose_in_world, "wrist")

    def look(self, camera: str = "planning") -> tuple[NDArray[np.uint8], NDArray[np.float32], Camera]:
        """What a camera sees at this instant: image, depth in metres with NaN for none, and the camera itself."""
        eye = self.camera(camera)
        shot = rendering.shoot(self.client, eye, self.variation.light, self.renderer)
        self._latest = eye, self._steps, shot
        return shot.image, shot.depth_m, eye

    def shown(self, camera: Camera) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Body and link that each pixel of a camera shows at this instant: ground truth, not for a planner.

        Not rendered again if the latest look is of this instant.
        """
        if self._latest is not None and self._latest[:2] == (camera, self._steps):
            return self._latest[2].shown
        return rendering.shoot(self.client, camera, self.variation.light, self.renderer).shown

    def step(self) -> None:
        """Let one time step pass."""
        p.stepSimulation(physicsClientId=self.client)
        self._steps += 1
        self._count_presses()
        for listener in self.after_step:
            listener()

    def close(self) -> None:
        """Give the client back; a second call does nothing."""
        if p.isConnected(self.client):
            p.disconnect(self.client)

    def __enter__(self) -> World:
        """The world itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _open(self, openings: Mapping[str, float | tuple[float, ...]], rng: np.random.Generator) -> None:
        for name, opening in openings.items():
            joint = self.joints[name]
            share = float(rng.choice(opening)) if isinstance(opening, tuple) else opening
            p.resetJointState(self.furniture, joint.index, share * joint.upper, physicsClientId=self.client)

    def _count_presses(self) -> None:
        down = {button.name for button in self._buttons if button.pressed}
        if down != self._down:
            self.presses.update(down - self._down)
            self._down = down


def _set_physics(client: int) -> None:
    p.setPhysicsEngineParameter(
        fixedTimeStep=TIME_STEP_S,
        numSolverIterations=40,
        solverResidualThreshold=1e-6,
        contactBreakingThreshold=0.004,
        deterministicOverlappingPairs=1,
        enableFileCaching=0,
        physicsClientId=client,
    )
    p.setGravity(0.0, 0.0, -9.81, physicsClientId=client)
