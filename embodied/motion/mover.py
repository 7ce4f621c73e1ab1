"""Moves the hand: through free space by a planned path, along a straight line by feel; opens and closes the fingers.

Every motion is watched: the clock, a request to stop, the force that the joint torques tell, the speed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, product

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import Box, FloatArray, Pose
from embodied.guard import Limits
from embodied.motion.arm import Arm, JointState, JointTrajectory
from embodied.motion.body import Body
from embodied.motion.collision import CollisionWorld
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import SceneMemory
from embodied.motion.planning import plan
from embodied.motion.surroundings import Surroundings
from embodied.motion.touch import Touch, Travelled, straight
from embodied.motion.trajectory import SPACING_RAD, parametrise, rounded_path
from embodied.result import Measured, Reason

LINE_SPACING_RAD = 0.05
"""Lines are kept straight; free paths round their corners more widely."""
MAX_JOINT_JUMP_RAD = 0.6
COMPLY_FORCE_N = 10.0
COMPLY_M_PER_N = 5e-5
COMPLY_MAX_M = 0.0015
COMPLY_SPEED_M_S = 0.02
COMPLY_STEPS = 8
AVERAGED = 3
"""Forces in the mean that is reported, 25 ms of them at 240 Hz: the peak of a single cycle says more of the cycle's
length than of the force. Whether something was touched is decided by single ones."""
UNEXPECTED_N = 20.0
"""On a free path nothing is to be felt: more than the heaviest thing weighs, when it is carried round a corner."""
SIDEWAYS = 3.0
"""A line is stopped by so many times the resistance along it where that comes from any side: drawers jam a little."""
STOP_SHARE = 0.75
"""Of the force limit: what is felt beyond that stops every motion. A blow against what is rigid may still be more."""
UNSEEN_SCALE = 0.25
"""Where nobody has looked yet, the arm goes so slowly that it can stop when it touches something."""
RETRACE_SCALE = 0.3
AWAY_M = 0.06
"""What was no obstacle is in the way until the hand has gone so far: till then it goes as where nobody has looked."""
CLEAR_STEPS_M = (0.02, 0.04, 0.07, 0.11)
CLEAR_WAYS_W = np.array([[0, 0, 1], [-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1]], dtype=np.float64)
CLEAR_SPEED_M_S = 0.1
CLEAR_FORCE_N = 10.0
"""From what seems to be touched already the hand goes the shortest of these steps in W, upwards if it can."""
SPEED_CYCLES = 8
FORCE_CYCLES = 2
"""Speed and force are looked at every so many control cycles: a touch must be felt sooner."""
SPEED_SHARE = 0.9
"""Share of the speed asked for that is planned."""
LIMIT_SHARE = 0.7
"""Share of the speed limit that is planned at most: in swift turns the arm is up to 30 % faster than planned."""


class Mover:
    """The hand of one arm, and what it has felt during the present command."""

    def __init__(
        self,
        arm: Arm,
        memory: SceneMemory,
        keep_out: Sequence[Box],
        limits: Limits,
        rng: np.random.Generator,
        stop_requested: Callable[[], bool],
        look: Callable[[], object],
        close_look: Callable[[], bool],
        kinematics: Kinematics,
        body: Body,
    ) -> None:
        """Drive ``arm`` within ``limits``; all randomness comes from ``rng``.

        ``look`` refreshes ``memory``; ``close_look`` adds to it what a camera on the hand sees, if there is one, and
        says whether there is.
        """
        self.look, self.close_look = look, close_look
        self.arm, self.memory, self.kinematics, self.limits, self.rng = arm, memory, kinematics, limits, rng
        self._surroundings, self._stop_requested = Surroundings(kinematics, body, memory, keep_out), stop_requested
        self._bias_W = np.zeros(3)
        self.begin(float("inf"))

    def begin(self, timeout_s: float) -> None:
        """Start a command: its clock, its peaks."""
        state = self.arm.read()
        self._start_s, self._deadline_s = state.time_s, state.time_s + timeout_s
        self._max_speed_m_s, self._max_force_n = 0.0, 0.0
        self._felt: deque[FloatArray] = deque(maxlen=AVERAGED)

    def tare(self) -> None:
        """Take the force that is felt now, at rest and touching nothing new, as none."""
        self._bias_W = self.kinematics.contact_force(self.arm.read())

    @property
    def q_rad(self) -> FloatArray:
        """Where the joints stand."""
        return self.arm.read().positions_rad

    @property
    def pose(self) -> Pose:
        """``X_WG`` where the hand stands."""
        return self.kinematics.grasp_pose(self.q_rad)

    def measured(self, holding: bool) -> Measured:
        """What the sensors say at the end of the present command."""
        state = self.arm.read()
        x, y, z = (float(value) for value in self.kinematics.grasp_pose(state.positions_rad).translation_m)
        duration_s = state.time_s - self._start_s
        return Measured((x, y, z), state.gripper_width_m, holding, duration_s, self._max_speed_m_s, self._max_force_n)

    def travel(
        self,
        goals: Sequence[FloatArray],
        *,
        scale: float,
        held_G: FloatArray | None = None,
        ignore: FloatArray | None = None,
    ) -> None:
        """Go to the first reachable of the joint positions, clear of all that was seen but the points ``ignore``.

        Where the robot itself has hidden from the camera what there is, and beside what it stands at, it goes slowly.

        Raises:
            SkillError: ``no_path``; ``blocked`` if something unseen was touched on the way; ``timeout``, ``stopped``.
        """
        world = self.world(held_G, ignore)
        self._step_clear(world)
        path = plan(self.q_rad, goals, world.free, self.kinematics.description.limits, self.rng)
        if path is None:
            raise SkillError("the arm found no free path there", Reason.NO_PATH.value)
        self.tare()  # what presses on the hand already is no news
        unexpected = Touch(UNEXPECTED_N)
        beside = held_G is None and self._surroundings.are_beside_hand(self.q_rad)
        for part in self._parts(path, scale, beside):
            if self._follow(part, unexpected):
                self._retrace(path)
                raise SkillError("something unseen was touched on the way", Reason.BLOCKED.value)

    def _parts(self, path: FloatArray, scale: float, beside: bool) -> Iterator[JointTrajectory]:
        """The way along ``path``, cut where care begins and where it ends.

        Care is needed where the robot has hidden what there is, and where the hand leaves what it begins ``beside``.
        """
        curve = rounded_path(path)
        points = self.kinematics.positions(curve)
        leaving = beside & (np.linalg.norm(points - points[0], axis=1) < AWAY_M)
        careful = np.flatnonzero(self.memory.unseen(points) | leaving)
        if not len(careful):
            yield self._timed(path, scale, self.limits.speed_m_s, SPACING_RAD)
            return
        last = len(curve) - 1
        cuts = [0, max(careful[0] - 1, 0), min(careful[-1] + 1, last), last]
        for (start, end), share in zip(pairwise(cuts), (scale, min(scale, UNSEEN_SCALE), scale), strict=True):
            if end > start:
                yield self._timed(curve[start : end + 1], share, self.limits.speed_m_s, LINE_SPACING_RAD)

    def _step_clear(self, world: CollisionWorld) -> None:
        """From where something seems to be touched already, go a little straight away from it, by feel."""
        if world.free(self.q_rad):
            return
        here = self.pose
        for step_m, way_W in product(CLEAR_STEPS_M, CLEAR_WAYS_W):
            aside = Pose(here.rotation, here.translation_m + step_m * way_W)
            path = self.line_path(self.q_rad, aside)
            if path is not None and world.free(path[-1]):
                self.tare()
                self.line(aside, speed_m_s=CLEAR_SPEED_M_S, force_n=CLEAR_FORCE_N)
                return

    def _retrace(self, path: FloatArray) -> None:
        """Go back to the corner of the path before the place where something was touched."""
        here = self.q_rad
        starts, steps = path[:-1], np.diff(path, axis=0)
        shares = np.einsum("ij,ij->i", here - starts, steps) / np.maximum(np.einsum("ij,ij->i", steps, steps), 1e-9)
        nearest = starts + np.clip(shares, 0.0, 1.0)[:, None] * steps
        corner = starts[int(np.linalg.norm(nearest - here, axis=1).argmin())]
        back = self._timed(np.array([here, corner]), RETRACE_SCALE, self.limits.speed_m_s, SPACING_RAD)
        self._follow(back, Touch(STOP_SHARE * self.limits.force_n))

    def world(self, held_G: FloatArray | None = None, ignore: FloatArray | None = None) -> CollisionWorld:
        """What must not be touched from here: all that was seen and is not where the arm already is."""
        return self._surroundings.world(self.q_rad, held_G, ignore)

    def solutions(self, X_WG: Pose) -> list[FloatArray]:
        """Joint positions for a pose, the least contorted first."""
        return self.kinematics.solutions(X_WG, self.q_rad)

    def line(self, X_WG: Pose, *, speed_m_s: float, force_n: float) -> Travelled:
        """Go straight to ``X_WG``; stop where ``force_n`` is felt against that, or more from any side, since tared.

        Raises:
            SkillError: ``unreachable``, ``timeout``, ``stopped``.
        """
        path = self.line_path(self.q_rad, X_WG)
        if path is None:
            raise SkillError("the arm cannot go straight there", Reason.UNREACHABLE.value)
        along = X_WG.translation_m - self.pose.translation_m
        any_n = max(force_n, min(SIDEWAYS * force_n, STOP_SHARE * self.limits.force_n))
        blocked = self._follow(self._timed(path, 1.0, speed_m_s, LINE_SPACING_RAD), Touch(any_n, along, force_n))
        state = self.arm.read()
        force_W = self.kinematics.contact_force(state) - self._bias_W
        self._max_force_n = max(self._max_force_n, float(np.linalg.norm(force_W)))
        return Travelled(self.kinematics.grasp_pose(state.positions_rad), blocked, force_W)

    def comply(self) -> None:
        """Give way to what presses on the hand until little does: a grip off the middle of something fixed strains."""
        for _ in range(COMPLY_STEPS):
            force_W = self.kinematics.contact_force(self.arm.read()) - self._bias_W
            felt_n = float(np.linalg.norm(force_W))
            if felt_n < COMPLY_FORCE_N:
                return
            step_W = force_W / felt_n * min(felt_n * COMPLY_M_PER_N, COMPLY_MAX_M)
            pose = self.pose
            target = Pose(pose.rotation, pose.translation_m + step_W)
            self.line(target, speed_m_s=COMPLY_SPEED_M_S, force_n=felt_n + COMPLY_FORCE_N)

    def line_path(self, start_rad: FloatArray, X_WG: Pose) -> FloatArray | None:
        """Joint positions (k, n) along the straight line from ``start_rad`` to ``X_WG``.

        Returns:
            ``None`` if the line leaves the arm's reach, jumps, or makes the arm touch itself or what it stands on. What
            else it touches is for the caller to know, and for the hand to feel.
        """
        X_WS = self.kinematics.grasp_pose(start_rad)
        path = [start_rad]
        for pose in straight(X_WS, X_WG):
            q = self.kinematics.solve(pose, path[-1])
            if q is None or np.abs(q - path[-1]).max() > MAX_JOINT_JUMP_RAD or not self._surroundings.alone.free(q):
                return None
            path.append(q)
        return np.array(path)

    def grip(self, width_m: float, force_n: float) -> JointState:
        """Move the fingers to ``width_m`` or until they press with ``force_n``.

        Raises:
            SkillError: ``timeout``, ``stopped``.
        """
        state = self.arm.set_gripper(width_m, force_n, self._interrupted)
        self._raise_interruption(state)
        return state

    def _follow(self, trajectory: JointTrajectory, touch: Touch) -> bool:
        """Follow the trajectory; whether ``touch`` was felt on the way."""
        touched, cycles, earlier = False, 0, self.arm.read()

        def monitor(state: JointState) -> bool:
            nonlocal touched, cycles, earlier
            cycles += 1
            if cycles % SPEED_CYCLES == 0:
                self._max_speed_m_s = max(self._max_speed_m_s, self.kinematics.speed(state))
            if cycles % FORCE_CYCLES == 0:
                touched = touch.felt(self._feel(state, earlier)) or touched
            earlier = state
            return touched or self._interrupted(state)

        state = self.arm.follow(trajectory, monitor)
        self._raise_interruption(state)
        return touched

    def _feel(self, state: JointState, earlier: JointState) -> FloatArray:
        force_W: FloatArray = self.kinematics.contact_force(state, earlier) - self._bias_W
        self._felt.append(force_W)
        self._max_force_n = max(self._max_force_n, float(np.linalg.norm(sum(self._felt) / len(self._felt))))
        return force_W

    def _timed(self, path: FloatArray, scale: float, speed_m_s: float, spacing_rad: float) -> JointTrajectory:
        limits = self.kinematics.description.limits
        path = np.clip(path, limits.lower_rad, limits.upper_rad)  # pressed against, a joint may stand beyond its range
        fastest = parametrise(path, limits, scale, spacing_rad)
        points = self.kinematics.positions(fastest.positions_rad)
        if len(points) < 2:
            return fastest
        speeds = np.linalg.norm(np.diff(points, axis=0), axis=1) / np.diff(fastest.times_s)
        planned_m_s = min(SPEED_SHARE * speed_m_s, LIMIT_SHARE * self.limits.speed_m_s)
        share = planned_m_s / max(float(speeds.max()), 1e-9)
        return fastest if share >= 1.0 else parametrise(path, limits, scale * share, spacing_rad)

    def _interrupted(self, state: JointState) -> bool:
        return self._stop_requested() or state.time_s > self._deadline_s

    def _raise_interruption(self, state: JointState) -> None:
        if self._stop_requested():
            raise SkillError("the robot was stopped", Reason.STOPPED.value)
        if state.time_s > self._deadline_s:
            raise SkillError("the time for the command ran out; the arm stands where it was", Reason.TIMEOUT.value)
