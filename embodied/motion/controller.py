"""A ``Controller`` for any ``Arm`` with a depth camera: the three verbs, done by the skills."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from embodied.commands import Approach, Grasp, Move
from embodied.controller import Controller, StopReport
from embodied.errors import ControllerError, SkillError
from embodied.geometry import FloatArray
from embodied.grounding import GroundedCommand
from embodied.guard import Limits
from embodied.motion.arm import Arm
from embodied.motion.body import Body
from embodied.motion.eye import Eye, Look
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import SceneMemory
from embodied.motion.mover import Mover
from embodied.motion.skills.approach import approach
from embodied.motion.skills.carry import carry
from embodied.motion.skills.grasp import MIN_WIDTH_M, Held, grasp
from embodied.motion.skills.pull import pull
from embodied.motion.skills.push import push
from embodied.observation import GripperState, Observation
from embodied.result import Reason, Result


class MotionController(Controller):
    """Kinematics, collision world from depth, grasps, paths and skills for one arm and its camera.

    A subclass says what the robot can do (``capabilities``), where it stands (``site``) and opens arm and camera
    (``open_robot``).
    """

    def __init__(self, *, seed: int = 0) -> None:
        """Draw whatever is random in planning from ``seed``."""
        super().__init__()
        self._seed = seed
        self._robot: tuple[Arm, Eye, Mover] | None = None
        self._held: Held | None = None

    @abstractmethod
    def open_robot(self) -> tuple[Arm, Eye]:
        """Arm and camera, opened."""

    def connect(self) -> None:
        """Open arm and camera, and build the arm's model; nothing moves."""
        arm, eye = self.open_robot()
        arm.connect()
        kinematics = Kinematics(arm.description)
        body = Body(kinematics)
        limits = Limits(self.capabilities.limits.speed_m_s, self.capabilities.limits.force_n)
        rng = np.random.default_rng(self._seed)
        keep_out = self.site.keep_out
        stop = self._stop.is_set
        memory = SceneMemory(body)
        looks = self._look, self._close_look
        self._robot = arm, eye, Mover(arm, memory, keep_out, limits, rng, stop, *looks, kinematics, body)
        self._held = None

    def disconnect(self) -> None:
        """Leave the arm standing as it is."""
        if self._robot is not None:
            self._robot[0].disconnect()

    def sense(self, observation_id: int) -> Observation:
        """Look with the first camera."""
        _, _, mover = self._connected()
        look, gripper = self._look(), self._gripper_state(mover)
        scene_depth_m = None if look.depth_m is None else mover.memory.scene_depth(look.depth_m)
        return Observation(observation_id, look.time_s, look.image, look.depth_m, look.camera, gripper, scene_depth_m)

    def perform(self, grounded: GroundedCommand, timeout_s: float) -> Result:
        """Do it by the skill that the command and the hand's state call for."""
        _, _, mover = self._connected()
        mover.begin(timeout_s)
        points = [np.array(point) for point in grounded.points_in_world_m]
        try:
            message = self._do(mover, grounded, points)
        except SkillError as error:
            self._let_go_of_nothing(mover)
            moved = mover.measured(self._held is not None)
            return Result("failed", Reason(error.reason), str(error), moved)
        return Result("succeeded", None, message, mover.measured(self._held is not None))

    def halt(self) -> StopReport:
        """Stop the arm where it is."""
        return StopReport(self._robot is not None and self._robot[0].stop())

    def _look(self) -> Look:
        """Look with the first camera, and remember what was seen."""
        _, eye, mover = self._connected()
        look = eye.look(eye.names[0])
        held_W = None if self._held is None else mover.pose @ self._held.cluster_G
        mover.memory.see(look, mover.q_rad, held_W)
        return look

    def _close_look(self) -> bool:
        """Look with the camera on the hand, if there is one, and add it to what is remembered; whether there is."""
        _, eye, mover = self._connected()
        if eye.in_hand is not None:
            mover.memory.see_close(eye.look(eye.in_hand), mover.q_rad)
        return eye.in_hand is not None

    def _do(self, mover: Mover, grounded: GroundedCommand, points: list[FloatArray]) -> str:
        match grounded.command:
            case Approach():
                return self._approach(mover, points[0])
            case Grasp():
                return self._grasp(mover, points[0])
            case Move():
                return self._move(mover, points[0], points[1])

    def _approach(self, mover: Mover, target_W: FloatArray) -> str:
        self._require_empty()
        approach(mover, target_W)
        return "the open gripper stands before the point"

    def _grasp(self, mover: Mover, target_W: FloatArray) -> str:
        self._require_empty()
        self._held = grasp(mover, target_W)
        width = f"{100 * self._held.width_m:.1f} cm wide"
        if self._held.fixed:
            return f"holding something {width} that cannot be lifted, like a handle: move it along its joint"
        return f"holding something {width}, lifted a little"

    def _move(self, mover: Mover, start_W: FloatArray, end_W: FloatArray) -> str:
        if self._held is None:
            push(mover, start_W, end_W)
            return "pushed it to the end point; the hand is empty"
        if self._held.fixed:
            pull(mover, start_W, end_W)
            self._held = None
            return "pulled it along to the end point and let go; the hand is empty"
        carry(mover, self._held, end_W)
        self._held = None
        return "set it down at the end point and let go; the hand is empty"

    def _require_empty(self) -> None:
        if self._held is not None:
            raise SkillError("the hand already holds something; move it to where it belongs", Reason.HAND_FULL.value)

    def _let_go_of_nothing(self, mover: Mover) -> None:
        """Forget what was held if the fingers say that it is gone."""
        if self._held is not None and not self._gripper_state(mover).holding:
            self._held = None

    def _gripper_state(self, mover: Mover) -> GripperState:
        width_m = mover.arm.read().gripper_width_m
        gripper = mover.kinematics.description.gripper
        open_now = width_m > gripper.max_width_m - 0.002
        return GripperState(width_m, self._held is not None and width_m > MIN_WIDTH_M and not open_now)

    def _connected(self) -> tuple[Arm, Eye, Mover]:
        if self._robot is None:
            raise ControllerError("the controller is not connected; use it in a with statement")
        return self._robot
