"""One episode of a suite that measures itself; imported only where it runs, and by name where it is asked for."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pybullet as p  # noqa: TID251 - what the kitchen is compared with
from stopwatch import Stopwatch

from embodied import registry
from embodied.suite.job import Job
from embodied.suite.performing import perform
from embodied.suite.record import Record
from sim.controller import KitchenController
from sim.world import TIME_STEP_S

PARTS_FILE = "parts.json"


def measured(job: Job) -> Record:
    """Run a job and leave beside its record what it took."""
    began_s, cpu_s = time.monotonic(), time.process_time()
    watch = Stopwatch()
    watch.start()
    record = perform(job)
    parts = watch.stop()
    memory, cpu_s = _memory_now(), time.process_time() - cpu_s
    detail = {"began_s": began_s, "parts_s": parts, "cpu_s": cpu_s, **memory}
    detail |= {"wall_s": record.wall_s, "simulated_s": record.simulated_s, "bare_s": _bare_s(job, record.simulated_s)}
    detail["whole_s"] = time.monotonic() - began_s
    if job.directory.exists():
        (job.directory / PARTS_FILE).write_text(json.dumps(detail))
    return record


def _bare_s(job: Job, simulated_s: float) -> float:
    """Processor seconds that it takes to step the same kitchen for as long, and nothing else."""
    configuration = job.configuration
    setup = registry.ControllerSetup(scene=configuration.scene, task=configuration.task, seed=configuration.seed)
    controller = registry.open_controller(configuration.controller, setup)
    assert isinstance(controller, KitchenController)
    controller.open_robot()
    start_s = time.process_time()
    for _ in range(round(simulated_s / TIME_STEP_S)):
        p.stepSimulation(physicsClientId=controller.world.client)
    took_s = time.process_time() - start_s
    controller.world.close()
    return took_s


def _memory_now() -> dict[str, float]:
    """Peak resident and present proportional memory of this process, in MiB; NaN where the system does not tell."""
    status, share = Path("/proc/self/status"), Path("/proc/self/smaps_rollup")
    lines = [*_lines(status), *_lines(share)]
    found = {line.split(":")[0]: float(line.split()[1]) / 1024 for line in lines if line.endswith(" kB")}
    return {"resident_mib": found.get("VmHWM", float("nan")), "proportional_mib": found.get("Pss", float("nan"))}


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
