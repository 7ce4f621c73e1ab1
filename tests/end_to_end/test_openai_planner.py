from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("transformers", "openai", "fastapi", "uvicorn"):
    pytest.importorskip(package)

from tiny_checkpoints import IMAGE_PX, build_llava_next, teach  # noqa: E402

from embodied.camera import Camera, Intrinsics  # noqa: E402
from embodied.errors import ModelError  # noqa: E402
from embodied.geometry import Pose  # noqa: E402
from embodied.models.endpoint import EndpointSettings  # noqa: E402
from embodied.models.openai import OpenAIPlanner  # noqa: E402
from embodied.observation import GripperState, Observation  # noqa: E402
from embodied.planner import Turn, decide  # noqa: E402
from embodied.prompting import Prompter  # noqa: E402

pytestmark = pytest.mark.slow
START_S, REPLY_S = 90.0, 60.0
COMMAND = "grasp(0.420, 0.610, 0.930)"
WIDTH_PX, HEIGHT_PX = 4 * IMAGE_PX, 3 * IMAGE_PX


def prompt_of(language):
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    camera = Camera(Intrinsics.from_vertical_fov(WIDTH_PX, HEIGHT_PX, 1.0), Pose.identity())
    depth_m = np.full((HEIGHT_PX, WIDTH_PX), 1.0, dtype=np.float32)
    observation = Observation(1, 0.0, image, depth_m, camera, GripperState(0.08, False))
    return Prompter(language, depth_image=True).prompt("把抽屉里的绿色包装袋拿出来", [], observation)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(url, server):
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1.0):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"transformers serve did not start within {START_S:g} s")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.set_num_threads(1)
    directory = build_llava_next(tmp_path_factory.mktemp("checkpoint"))
    teach(directory, prompt_of("zh").turns, COMMAND)
    return directory


@pytest.fixture(scope="module")
def url(checkpoint, tmp_path_factory):
    """A real ``transformers serve`` on loopback, ended with all its children."""
    port = free_port()
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(checkpoint), "--device", "cpu"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (tmp_path_factory.mktemp("server") / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=log, stderr=log, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait(10.0)


@pytest.fixture
def planner(url, checkpoint):
    planner = OpenAIPlanner(str(checkpoint), EndpointSettings(base_url=url, timeout_s=REPLY_S))
    yield planner
    planner.close()


def test_a_real_server_reads_text_and_pictures_and_answers_with_the_command_it_was_taught(planner):
    decision = decide(planner, prompt_of("zh"))
    assert str(decision.command) == COMMAND
    (reply,) = decision.replies
    assert reply.prompt_tokens > 1000
    assert reply.reply_tokens > 10
    assert reply.cost_usd is None


def test_the_babble_of_an_untaught_model_is_repaired_once_and_never_becomes_a_command(planner):
    image = np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    decision = decide(planner, replace(prompt_of("en"), turns=(Turn("user", "Write a poem.", (image,)),)))
    assert decision.command is None
    assert len(decision.replies) == 2
    assert "write exactly one of" in decision.error


def test_a_model_that_the_server_does_not_have_is_an_error(url):
    planner = OpenAIPlanner("no-such/model", EndpointSettings(base_url=url, timeout_s=20.0, max_attempts=2))
    with pytest.raises(ModelError, match="endpoint http://127"):
        planner.reply(prompt_of("en"))
    planner.close()
