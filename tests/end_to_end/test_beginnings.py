"""Every task that ships can begin, and is not yet done when it does."""

import numpy as np
import pytest

from embodied.task import load_task, task_names
from sim.course import Course
from sim.judges import check_goal, judge
from sim.scene import load_scene
from sim.world import World

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("seed", "name"), tuple(enumerate(task_names())))
def test_task_begins_with_everything_in_its_place_and_is_not_yet_done(seed: int, name: str) -> None:
    task = load_task(name)
    scene = load_scene(task.scene, task.initial, task.name)
    goal = check_goal(scene, task.goal)
    with World.build(scene, np.random.default_rng(seed), image_size_px=(32, 24)) as world:
        course = Course(goal)
        course.note(world)
        assert not judge(world, goal, course, "done").success
        for spec in scene.file.objects:
            thing = world.objects[spec.name]
            assert thing.kind.rolls or thing.pose_in_world.rotation[2, 2] > 0.97, spec.name
            assert np.linalg.norm(thing.pose_in_world.translation_m[:2] - [0.6, 0.0]) < 0.45, spec.name
