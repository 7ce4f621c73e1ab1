"""What each pixel of a picture shows, by name: small things, doors, drawers and their handles, furniture, the robot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embodied.camera import Camera
from embodied.geometry import FloatArray
from embodied.learning import teacher
from embodied.observation import Observation
from sim.evidence import Evidence
from sim.fixtures import HAND_LINK
from sim.kitchen import Kitchen
from sim.things import FurnitureJoint, Region, Thing, link_pose
from sim.world import World

HANDLE_M = 0.008
"""A pixel shows a handle if its point lies so near the handle's box."""
BOARD_M = 0.004
"""A pixel shows a board if its point lies so near it."""
EVERY_PX = 2
"""What stands still is told apart at every so many pixels: it is large."""
OPEN_SHARE = 0.25
CLOSED_SHARE = 0.06
"""Further open than the one counts as open, less than the other as closed; in between nobody asks."""
LABEL_SIDE = np.array([0.0, -1.0, 0.0])
"""Labels face a thing's -y."""
READABLE_COS = 0.5
LIT_COLOR = "#ff3b10"
TITLES = {
    "robot": ("robot arm", "机械臂"),
    "gripper": ("gripper", "夹爪"),
    "counter": ("counter", "台面"),
    "stove": ("stove", "炉灶"),
    "sink": ("sink", "水槽"),
    "shelf": ("shelf", "搁板"),
    "microwave": ("microwave", "微波炉"),
    "cupboard": ("cupboard", "橱柜"),
    "fridge": ("fridge", "冰箱"),
    "hood": ("hood", "抽油烟机"),
    "cabinet": ("cabinet", "柜子"),
    "drawers": ("cabinet", "柜子"),
    "wall": ("wall", "墙"),
    "side_wall": ("wall", "墙"),
    "floor": ("floor", "地板"),
    "drawer_top": ("top drawer", "最上面的抽屉"),
    "drawer_middle": ("middle drawer", "中间的抽屉"),
    "drawer_bottom": ("bottom drawer", "最下面的抽屉"),
    "microwave_door": ("microwave", "微波炉"),
    "cupboard_door": ("cupboard", "橱柜"),
    "stove_button": ("stove button", "炉灶按钮"),
}
"""What people call furniture; a door is called as what it closes."""
KINDS = {
    "drawers": "cabinet",
    "side_wall": "wall",
    "drawer_top": "drawer",
    "drawer_middle": "drawer",
    "drawer_bottom": "drawer",
    "microwave_door": "microwave door",
    "cupboard_door": "cupboard door",
    "stove_button": "button",
}
"""The word of the vocabulary where it is not the name."""
STILL = ("counter", "stove", "sink", "shelf", "microwave", "cupboard", "fridge", "hood", "cabinet", "drawers")
WORK_AREA = "work_area"
"""A part of the counter for which people have no word."""
Boards = tuple[tuple[str, FloatArray, FloatArray], ...]
"""Names and corners of what stands still."""
ROOM = ("wall", "side_wall", "floor")


def labelled(
    world: World, boards: Boards, observation: Observation, evidence: Evidence, held: str | None
) -> teacher.View:
    """An observation with the truth about it.

    Args:
        world: As it was observed.
        boards: Of its kitchen.
        observation: With a depth map.
        evidence: Who carries whom.
        held: Name of what is in the hand.
    """
    assert observation.depth_m is not None
    things = name_things(world, observation.camera, evidence, held)
    shown = show_things(world, boards, observation.camera, observation.depth_m, things)
    return teacher.View(observation, things, shown)


def name_things(world: World, camera: Camera, evidence: Evidence, held: str | None) -> tuple[teacher.Thing, ...]:
    """Everything that has a name, in a fixed order: small things, what moves, handles, the robot, what stands still."""
    small = (_small(thing, world, camera, evidence, thing.name == held) for thing in world.objects.values())
    moving = (_moving(joint) for joint in world.joints.values())
    handles = (_handle(joint, held) for joint in world.joints.values() if not joint.springs_back)
    still = (_still(name, world) for name in ("gripper", "robot", *STILL, *ROOM))
    return (*small, *moving, *handles, *still)


def show_things(
    world: World, boards: Boards, camera: Camera, depth_m: NDArray[np.float32], things: tuple[teacher.Thing, ...]
) -> NDArray[np.uint8]:
    """(height, width) the number of the thing that each pixel shows, from 1; 0 for what has no name."""
    numbers = {thing.name: index + 1 for index, thing in enumerate(things)}
    body, link = world.shown(camera)
    points = camera.points(depth_m)
    shown = np.zeros(body.shape, dtype=np.uint8)
    for name, thing in world.objects.items():
        shown[body == thing.body] = numbers[name]
    for joint in world.joints.values():
        _mark_joint(joint, (body == joint.body) & (link == joint.index), points, shown, numbers)
    robot = body == world.robot
    shown[robot] = np.where(link[robot] >= HAND_LINK - 1, numbers["gripper"], numbers["robot"])
    _mark_boards(boards, body == world.fixed, points, shown, numbers)
    return shown


def _small(thing: Thing, world: World, camera: Camera, evidence: Evidence, held: bool) -> teacher.Thing:
    low, high = np.array(thing.low_m), np.array(thing.high_m)
    return teacher.Thing(
        name=thing.name,
        kind=thing.kind_name,
        title_en=thing.kind.title,
        title_zh=thing.kind.title_zh,
        movable=True,
        color=thing.color,
        label=thing.label if _faces(thing, camera) else None,
        place=None if held else place_of(thing, world, evidence),
        held=held,
        height_m=round(float(high[2] - low[2]), 3),
        length_m=round(float((high - low)[:2].max()), 3),
    )


def _faces(thing: Thing, camera: Camera) -> bool:
    """Whether the side that labels are on is seen well enough to read."""
    X_WO = thing.pose_in_world
    sight = camera.pose_in_world.translation_m - X_WO.translation_m
    return bool(X_WO.rotation @ LABEL_SIDE @ sight > READABLE_COS * np.linalg.norm(sight))


def place_of(thing: Thing, world: World, evidence: Evidence) -> str | None:
    """Name of what carries a thing, or of the smallest place that it is in."""
    seat = evidence.seat(thing.name)
    carrier = next((name for name, other in world.objects.items() if seat is not None and seat[0] == other.body), None)
    if carrier is not None:
        return carrier
    middle = thing.pose_in_world.translation_m
    around = [region for region in world.regions.values() if region.contains(middle) and region.name != WORK_AREA]
    return min(around, key=_volume_m3).name if around else None


def _volume_m3(region: Region) -> float:
    return float(np.prod(np.subtract(region.high_m, region.low_m)))


def _moving(joint: FurnitureJoint) -> teacher.Thing:
    share = joint.position / joint.upper
    state: teacher.State | None = "open" if share > OPEN_SHARE else "closed" if share < CLOSED_SHARE else None
    state = None if joint.springs_back else state
    english, chinese = TITLES.get(joint.name, (joint.name, joint.name))
    return teacher.Thing(joint.name, KINDS.get(joint.name, joint.name), english, chinese, state=state)


def _handle(joint: FurnitureJoint, held: str | None) -> teacher.Thing:
    english, chinese = TITLES.get(joint.name, (joint.name, joint.name))
    title_en, title_zh = f"handle of the {english}", f"{chinese}的把手"
    return teacher.Thing(joint.handle_name, "handle", title_en, title_zh, held=joint.handle_name == held)


def _still(name: str, world: World) -> teacher.Thing:
    lit = world.variation.materials["hotplate"].color == LIT_COLOR
    state: teacher.State | None = None if name != "stove" else "on" if lit else "off"
    return teacher.Thing(name, KINDS.get(name, name), *TITLES[name], state=state)


def _mark_joint(
    joint: FurnitureJoint,
    mask: NDArray[np.bool_],
    points: FloatArray,
    shown: NDArray[np.uint8],
    numbers: dict[str, int],
) -> None:
    shown[mask] = numbers[joint.name]
    if joint.springs_back:
        return
    low, high = np.array(joint.handle_low_m) - HANDLE_M, np.array(joint.handle_high_m) + HANDLE_M
    p_LP = link_pose(joint.client, joint.body, joint.index).inverse() @ points[mask]
    on_handle = ((p_LP > low) & (p_LP < high)).all(axis=-1)
    shown[mask] = np.where(on_handle, numbers[joint.handle_name], numbers[joint.name])


def _mark_boards(
    boards: Boards, mask: NDArray[np.bool_], points: FloatArray, shown: NDArray[np.uint8], numbers: dict[str, int]
) -> None:
    coarse_mask = mask[::EVERY_PX, ::EVERY_PX]
    coarse_points = points[::EVERY_PX, ::EVERY_PX][coarse_mask]
    marks = np.zeros(len(coarse_points), dtype=np.uint8)
    for name, low, high in boards:
        x, y, z = coarse_points.T
        within = (x > low[0]) & (x < high[0])
        within &= (y > low[1]) & (y < high[1]) & (z > low[2]) & (z < high[2])
        marks[within] = numbers[name]
    coarse = np.zeros(coarse_mask.shape, dtype=np.uint8)
    coarse[coarse_mask] = marks
    fine = coarse.repeat(EVERY_PX, 0).repeat(EVERY_PX, 1)[: mask.shape[0], : mask.shape[1]]
    shown[mask] = fine[mask]


def boards_of(kitchen: Kitchen) -> Boards:
    """What stands still, each board with the name that people would give it, the largest first, and its corners."""
    named = [(board.name, board) for board in kitchen.furnishing.cuboids if board.name in (*STILL, *ROOM)]
    named.sort(key=lambda pair: -float(np.prod(pair[1].size_m)))
    return tuple((name, np.array(board.low_m) - BOARD_M, np.array(board.high_m) + BOARD_M) for name, board in named)
