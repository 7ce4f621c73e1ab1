"""When to be where on a path: times, within velocity, acceleration and jerk limits.

The path's corners are rounded by a cubic B-spline with control points on it. Ruckig gives the time-optimal
progress along it for the limits that a straight path would have; what the bends add is then measured on every joint.
Stretching time by k divides velocities by k, accelerations by k^2 and jerks by k^3: the smallest stretch with which the
points that are sent meet all limits is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ruckig import InputParameter, Ruckig, Trajectory
from scipy.interpolate import BSpline

from embodied.errors import ControllerError
from embodied.geometry import FloatArray
from embodied.motion.arm import JointLimits, JointTrajectory

SAMPLE_S = 0.01
DEGREE = 3
SPACING_RAD = 0.25
STRETCHES = 8


@dataclass(frozen=True, eq=False)
class _Progress:
    """How far along the curve, in [0, 1], at what time."""

    profile: Trajectory
    duration_s: float

    def at(self, times_s: FloatArray) -> FloatArray:
        return np.array([self.profile.at_time(min(float(time_s), self.duration_s))[0][0] for time_s in times_s])


def parametrise(
    path_rad: FloatArray, limits: JointLimits, scale: float = 1.0, spacing_rad: float = SPACING_RAD
) -> JointTrajectory:
    """The trajectory along ``path_rad`` (k, n) from rest to rest, ``scale`` times as fast as the limits allow.

    Corners are rounded over about ``spacing_rad``.
    """
    curve = _rounded(path_rad, spacing_rad)
    if float(np.abs(np.diff(path_rad, axis=0)).sum()) < 1e-6:
        return JointTrajectory(np.zeros(1), path_rad[-1:].copy(), np.zeros((1, path_rad.shape[1])))
    progress = _progress(curve, limits)
    stretch = 1.0 / scale
    for _ in range(STRETCHES):
        times_s, positions = _points(curve, progress, stretch)
        excess = _excess(times_s, positions, limits, scale)
        if excess <= 1.0:
            break
        stretch *= excess
    velocities = np.gradient(positions, times_s, axis=0, edge_order=1)
    velocities[[0, -1]] = 0.0
    return JointTrajectory(times_s, positions, velocities)


def rounded_path(path_rad: FloatArray, spacing_rad: float = 0.05) -> FloatArray:
    """Points (m, n) on the curve that ``parametrise`` follows, about ``spacing_rad`` apart."""
    count = max(int(np.abs(np.diff(path_rad, axis=0)).max(axis=1).sum() / spacing_rad), 1) + 1
    return np.asarray(_rounded(path_rad, SPACING_RAD)(np.linspace(0.0, 1.0, count)))


def _rounded(path_rad: FloatArray, spacing_rad: float) -> BSpline:
    """A clamped cubic B-spline on [0, 1] with control points on the path.

    They lie at the Greville abscissae of the knots, so that a straight path stays straight and evenly run through
    (de Boor, A Practical Guide to Splines, 2001, chapter IX).
    """
    steps = np.abs(np.diff(path_rad, axis=0)).max(axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    inner = np.linspace(0.0, 1.0, max(int(np.ceil(travelled[-1] / spacing_rad)), 1) + 1)
    knots = np.concatenate([np.zeros(DEGREE), inner, np.ones(DEGREE)])
    greville = np.array([knots[i + 1 : i + DEGREE + 1].mean() for i in range(len(knots) - DEGREE - 1)])
    points = [np.interp(greville * travelled[-1], travelled, joint) for joint in path_rad.T]
    return BSpline(knots, np.column_stack(points), DEGREE)


def _progress(curve: BSpline, limits: JointLimits) -> _Progress:
    """Ruckig's progress along the curve from rest to rest, as fast as its first derivative alone would allow."""
    slope = np.abs(curve.derivative()(np.linspace(0.0, 1.0, 101))).max(axis=0) + 1e-9
    wanted = InputParameter(1)
    wanted.current_position, wanted.target_position = [0.0], [1.0]
    wanted.max_velocity = [float((limits.velocity_rad_s / slope).min())]
    wanted.max_acceleration = [float((limits.acceleration_rad_s2 / slope).min())]
    wanted.max_jerk = [float((limits.jerk_rad_s3 / slope).min())]
    profile = Trajectory(1)
    result = Ruckig(1).calculate(wanted, profile)
    if result.value < 0:
        raise ControllerError(f"Ruckig found no timing: {result}")
    return _Progress(profile, float(profile.duration))


def _points(curve: BSpline, progress: _Progress, stretch: float) -> tuple[FloatArray, FloatArray]:
    """Times about ``SAMPLE_S`` apart, and the positions (k, n) at them."""
    count = max(int(np.ceil(progress.duration_s * stretch / SAMPLE_S)), 2)
    own_times_s = np.linspace(0.0, progress.duration_s, count + 1).astype(np.float64)
    return own_times_s * stretch, np.asarray(curve(progress.at(own_times_s)))


def _excess(times_s: FloatArray, positions: FloatArray, limits: JointLimits, scale: float) -> float:
    """By how much time has to be stretched for the points to keep ``scale`` times the limits; 1 or less if they do."""
    step_s = float(times_s[1])
    resting = np.concatenate([positions[:1], positions[:1], positions, positions[-1:], positions[-1:]])
    velocity, acceleration, jerk = (np.abs(np.diff(resting, k, axis=0)).max(axis=0) / step_s**k for k in (1, 2, 3))
    return max(
        float((velocity / (scale * limits.velocity_rad_s)).max()),
        float(np.sqrt((acceleration / (scale**2 * limits.acceleration_rad_s2)).max())),
        float(np.cbrt((jerk / (scale**3 * limits.jerk_rad_s3)).max())),
    )
