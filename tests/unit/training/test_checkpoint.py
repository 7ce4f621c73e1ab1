from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny import SIZES
from transformers import AutoModelForImageTextToText, AutoProcessor, LlavaForConditionalGeneration

from embodied.camera import Camera, Intrinsics
from embodied.commands import parse
from embodied.errors import ModelError
from embodied.geometry import Pose
from embodied.models.rgbd_processing import RgbdProcessor
from embodied.models.transformers import TransformersPlanner
from embodied.observation import GripperState, Observation
from embodied.prompting import Prompter
from embodied.training.building import build
from embodied.training.checkpoint import load_weights, save_weights
from embodied.training.examples import texts


@pytest.fixture(scope="module")
def checkpoint(examples, tmp_path_factory):
    model, processor = build(texts(examples), SIZES, seed=0)
    directory = tmp_path_factory.mktemp("checkpoint")
    save_weights(model, processor, directory)
    return directory


def prompt(depth_m):
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    camera = Camera(Intrinsics.from_vertical_fov(128, 96, 1.0), Pose.identity())
    observation = Observation(1, 0.0, image, depth_m, camera, GripperState(0.08, False))
    return Prompter("en").prompt("take the red block", [], observation)


def test_any_program_that_knows_the_classes_loads_it_as_llava(checkpoint):
    assert isinstance(AutoModelForImageTextToText.from_pretrained(checkpoint), LlavaForConditionalGeneration)
    assert isinstance(AutoProcessor.from_pretrained(checkpoint, backend="pil"), RgbdProcessor)


def test_weights_come_back_bit_for_bit(checkpoint, examples, tmp_path):
    model, processor = load_weights(checkpoint)
    expected = build(texts(examples), SIZES, seed=0)[0].state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())
    save_weights(model, processor, tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == (checkpoint / "model.safetensors").read_bytes()


def test_checkpoint_is_whole_files_alone(checkpoint):
    assert {path.name for path in checkpoint.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert not [*checkpoint.glob(".part-*"), *checkpoint.glob("*.bin")]


@pytest.mark.parametrize("depth_m", [np.full((96, 128), 1.25, np.float32), None], ids=["depth", "no depth"])
def test_planner_runs_it_as_it_runs_any_checkpoint(checkpoint, depth_m):
    reply = TransformersPlanner(str(checkpoint)).reply(prompt(depth_m))
    assert parse(reply.text)
    assert reply.prompt_tokens > SIZES.image_height * SIZES.image_width // SIZES.patch**2


def test_depth_reaches_the_tower_in_metres(checkpoint):
    planner = TransformersPlanner(str(checkpoint))
    near, far, none = (
        planner._inputs(prompt(depth_m))["pixel_values"][0, 3]
        for depth_m in (np.full((96, 128), 1.0, np.float32), np.full((96, 128), 2.0, np.float32), None)
    )
    assert [depths.unique().tolist() for depths in (near, far, none)] == [[-1.0], [1.0], [-3.0]]


def test_checkpoint_is_spoken_to_in_the_words_of_its_training(checkpoint):
    prompts = TransformersPlanner(str(checkpoint)).prompts
    assert {path.name for path in prompts.iterdir()} >= {"en", "zh"}


def test_directory_without_a_checkpoint_is_named(tmp_path):
    with pytest.raises(ModelError, match=f"{tmp_path.name} cannot be loaded"):
        load_weights(tmp_path)
