"""Where the time of an episode goes: the processor seconds of each part, without those of the parts that it calls."""

from __future__ import annotations

import functools
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any

PARTS: dict[str, tuple[str, ...]] = {
    "building the kitchen": ("sim.world:World.build",),
    "physics": ("pybullet:stepSimulation",),
    "control and forces felt": (
        "sim.arm:PandaArm.follow",
        "sim.arm:PandaArm.set_gripper",
        "sim.arm:PandaArm.read",
        "sim.arm:PandaArm.stop",
        "sim.arm:PandaArm.connect",
        "sim.world:World.step",
        "embodied.motion.kinematics:Kinematics.contact_force",
    ),
    "rendering": ("sim.world:World.look",),
    "seeing things and grasps": (
        "embodied.motion.memory:SceneMemory.see",
        "embodied.motion.memory:SceneMemory.see_close",
        "embodied.motion.things:thing_at",
        "embodied.motion.grasping:grasp_candidates",
    ),
    "planning paths": (
        "embodied.motion.planning:plan",
        "embodied.motion.trajectory:parametrise",
        "embodied.motion.collision:CollisionWorld.__init__",
        "embodied.motion.collision:CollisionWorld.free",
        "embodied.motion.kinematics:Kinematics.solutions",
        "embodied.motion.kinematics:Kinematics.solve",
    ),
    "deciding and judging": ("sim.oracle:OraclePlanner.reply", "sim.controller:KitchenController.judge"),
    "recording": (
        "embodied.recording:Recorder.__init__",
        "embodied.recording:Recorder.record",
        "embodied.recording:Recorder.finish",
        "embodied.report:ReportPage.add",
        "embodied.report:ReportPage.write",
    ),
}
"""What is called what; functions as ``module:name``."""
SEALED = "building the kitchen"
"""A part in which nothing else is told apart."""
REST = "the rest"


class Stopwatch:
    """Measures this process, from ``start`` on.

    Attributes:
        own_s: Seconds of each part.
    """

    def __init__(self) -> None:
        """Wrap every function of ``PARTS``, wherever it has been imported to."""
        self.own_s: defaultdict[str, float] = defaultdict(float)
        self._running = [REST]
        self._since_s = time.process_time()
        for part, names in PARTS.items():
            for name in names:
                self._wrap(name, part)

    def start(self) -> None:
        """Count from now on."""
        self.own_s.clear()
        self._since_s = time.process_time()

    def stop(self) -> dict[str, float]:
        """The seconds of every part so far."""
        self._switch()
        return {part: self.own_s[part] for part in (*PARTS, REST)}

    def _switch(self) -> None:
        now_s = time.process_time()
        self.own_s[self._running[-1]] += now_s - self._since_s
        self._since_s = now_s

    def _timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            if self._running[-1] == SEALED:
                return function(*arguments, **options)
            self._switch()
            self._running.append(part)
            try:
                return function(*arguments, **options)
            finally:
                self._switch()
                self._running.pop()

        return timed

    def _wrap(self, name: str, part: str) -> None:
        module_name, _, path = name.partition(":")
        module = import_module(module_name)
        owner_name, _, attribute = path.rpartition(".")
        if owner_name:
            owner = getattr(module, owner_name)
            raw = owner.__dict__[attribute]
            timed = self._timed(getattr(raw, "__func__", raw), part)
            setattr(owner, attribute, classmethod(timed) if isinstance(raw, classmethod) else timed)
        else:
            _replace_everywhere(getattr(module, attribute), self._timed(getattr(module, attribute), part), attribute)


def _replace_everywhere(old: object, new: object, name: str) -> None:
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is old:
            setattr(module, name, new)
