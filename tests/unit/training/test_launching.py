"""Training in several processes, started as people start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate.commands.config.config_args import ClusterConfig
from safetensors.torch import load_file
from tiny import SIZES

from embodied.training.building import build
from embodied.training.checkpoint import load_weights, save_weights
from embodied.training.examples import texts
from embodied.training.loop import last_state

ROOT = Path(__file__).resolve().parents[3]
LAUNCH = ROOT / "embodied/training/launch"
PATIENCE_S = 600.0
IN_TWO = [
    "--num_processes",
    "2",
    "--num_machines",
    "1",
    "--num_cpu_threads_per_process",
    "1",
    "--main_process_port",
    "0",
]
PROGRAM = "from embodied.cli import main; main()"
PLAIN = ["--multi_gpu", "--mixed_precision", "no", "--dynamo_backend", "no"]
"""The library's word for several processes of one machine; with ACCELERATE_USE_CPU they talk through gloo."""


@pytest.fixture(scope="module")
def checkpoint(examples, tmp_path_factory):
    directory = tmp_path_factory.mktemp("checkpoint")
    save_weights(*build(texts(examples), SIZES, seed=0), directory)
    return directory


def launch(options, arguments):
    """Run ``embodied learn`` in two processes without a GPU."""
    command = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch", *options, *IN_TWO]
    command += ["--no_python", sys.executable, "-c", PROGRAM, "learn", *map(str, arguments)]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    variables = {"PYTHONPATH": path, "ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=os.environ | variables
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout


def train(options, stage, data, start, out):
    said = launch(options, [stage, "--data", data, "--start", start, "--out", out, "--steps", 2, "--batch-size", 2])
    assert said.count("2/2  ") == 1
    assert last_state(out).name == "step-00000002"
    before, after = load_weights(start)[0].state_dict(), load_weights(out)[0].state_dict()
    assert before.keys() == after.keys()
    assert all(torch.isfinite(value).all() for value in after.values())
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


@pytest.mark.slow
def test_two_processes_train_one_model(data, checkpoint, tmp_path):
    moved = train(PLAIN, "align", data, checkpoint, tmp_path)
    assert {name.split(".")[1] for name in moved} >= {"multi_modal_projector"}
    assert "model.safetensors" in {path.name for path in tmp_path.iterdir()}
    assert load_file(tmp_path / "model.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "configuration"), [("align", "zero2.yaml"), ("instruct", "zero3.yaml")])
def test_two_processes_share_a_model_through_deepspeed(stage, configuration, data, checkpoint, tmp_path):
    pytest.importorskip("deepspeed")
    moved = train(["--config_file", str(LAUNCH / configuration)], stage, data, checkpoint, tmp_path)
    assert {name.split(".")[1] for name in moved} >= {"multi_modal_projector"}


@pytest.mark.parametrize("stage", [2, 3])
def test_shipped_configuration_is_one_of_accelerates(stage):
    configuration = ClusterConfig.from_yaml_file(str(LAUNCH / f"zero{stage}.yaml"))
    assert configuration.distributed_type == "DEEPSPEED"
    assert configuration.deepspeed_config["zero_stage"] == stage
    assert configuration.mixed_precision == "bf16"
