"""Kitchens that are built otherwise than one that is known: as in a mirror, higher or lower, seen from elsewhere."""

from __future__ import annotations

import numpy as np

from sim.appliances import Microwave
from sim.cabinets import Cupboard, Drawers
from sim.kitchen import Furniture, Kitchen, View

MIRRORED_SHARE = 0.5
BASE_M = (-0.04, 0.06)
"""The robot stands so much higher, at least and at most, and with it all furniture lower."""
FOV_DEG = (48.0, 56.0)
DRAWER_HANDLE_M = (0.10, 0.18)
DOOR_HANDLE_M = (0.10, 0.16)
CUPBOARD_ASIDE_M, CUPBOARD_ABOVE_M = (-0.15, 0.0), (-0.04, 0.06)
"""How far the cupboard may hang from where it hangs: beside it is the shelf."""
MICROWAVE_ASIDE_M = (-0.06, 0.02)
"""How far the microwave may stand from where it stands: beside it the counter is to stay free."""


def draw_plan(kitchen: Kitchen, rng: np.random.Generator) -> Kitchen:
    """``kitchen`` with furniture, robot and planning camera somewhere else, and half the time in a mirror."""
    mirrored = bool(rng.random() < MIRRORED_SHARE)
    view = kitchen.planning_camera.model_copy(update={"fov_deg": float(rng.uniform(*FOV_DEG))})
    x, y, z = kitchen.robot.base_m
    base_m = (x, y, z + float(rng.uniform(*BASE_M)))
    changed = {
        "furniture": tuple(_moved(piece, rng) for piece in kitchen.furniture),
        "robot": kitchen.robot.model_copy(update={"base_m": base_m}),
        "planning_camera": _in_mirror(view) if mirrored else view,
        "mirrored": mirrored != kitchen.mirrored,
    }
    return Kitchen.model_validate({name: getattr(kitchen, name) for name in Kitchen.model_fields} | changed)


def _in_mirror(view: View) -> View:
    (x, y, z), (u, v, w) = view.eye_m, view.target_m
    return view.model_copy(update={"eye_m": (x, -y, z), "target_m": (u, -v, w)})


def _moved(piece: Furniture, rng: np.random.Generator) -> Furniture:
    if isinstance(piece, Drawers):
        return piece.model_copy(update={"handle_width_m": float(rng.uniform(*DRAWER_HANDLE_M))})
    if isinstance(piece, Cupboard):
        return piece.model_copy(update=_elsewhere(piece, float(rng.uniform(*CUPBOARD_ASIDE_M)), CUPBOARD_ABOVE_M, rng))
    if isinstance(piece, Microwave):
        return piece.model_copy(update=_elsewhere(piece, float(rng.uniform(*MICROWAVE_ASIDE_M)), (0.0, 0.0), rng))
    return piece


def _elsewhere(
    piece: Cupboard | Microwave, aside_m: float, above_m: tuple[float, float], rng: np.random.Generator
) -> dict[str, object]:
    up_m = float(rng.uniform(*above_m))
    return {
        "y_m": (piece.y_m[0] + aside_m, piece.y_m[1] + aside_m),
        "z_m": (piece.z_m[0] + up_m, piece.z_m[1] + up_m),
        "handle_length_m": float(rng.uniform(*DOOR_HANDLE_M)),
    }
