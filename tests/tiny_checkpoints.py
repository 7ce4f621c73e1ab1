"""Tiny image-text-to-text checkpoints, randomly initialised but real in every other way: tokenizer, processor, files.

Built in seconds without a network, saved with ``save_pretrained`` and loaded like any other checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3Processor,
    Gemma3TextConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextProcessor,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    SiglipVisionConfig,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

from embodied.commands import describe_commands
from embodied.models.transformers import render
from embodied.planner import Turn
from embodied.resources import prompts_dir

IMAGE_PX, PATCH_PX = 28, 14
SPARE_LOGITS = 37
"""How many logits the model has beyond its tokenizer, as padded embeddings of real checkpoints do."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def train_tokenizer(**more_special: str) -> PreTrainedTokenizerFast:
    """A byte-level BPE trained on the project's own prompts; it has a token for every byte, so it reads anything."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", *more_special.values()]
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        show_progress=False,
        special_tokens=[AddedToken(token, special=True) for token in special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens={"image_token": "<image>", **more_special},
    )


def train_llama_tokenizer() -> PreTrainedTokenizerFast:
    """As Llama's: spaces are "▁", and what has no token of its own is spelt in bytes."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    bytes_spelt = [f"<0x{value:02X}>" for value in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=900, show_progress=False, special_tokens=["<unk>", "<s>", "</s>", *bytes_spelt], limit_alphabet=100
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] not in bytes_spelt]
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)), bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def _corpus() -> list[str]:
    numbers = [f"grasp(0.{n:03d}, 0.{n * 7 % 1000:03d}, {n % 9}.{n * 13 % 1000:03d})" for n in range(1000)]
    prompts = [path.read_text(encoding="utf-8") for path in sorted(prompts_dir().glob("*/*.txt"))]
    return [*prompts, describe_commands("en"), describe_commands("zh"), *numbers]


def _text_sizes(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer) + SPARE_LOGITS,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 8192,
        "initializer_range": 0.5,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


VISION_SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": IMAGE_PX,
    "patch_size": PATCH_PX,
}


def build_llava(directory: Path, seed: int = 0, chat_template: str | None = CHAT_TEMPLATE) -> Path:
    """LLaVA: one CLIP picture a turn."""
    tokenizer = train_tokenizer()
    torch.manual_seed(seed)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**VISION_SIZES, projection_dim=32),
        text_config=LlamaConfig(**_text_sizes(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    size = {"size": {"shortest_edge": IMAGE_PX}, "crop_size": {"height": IMAGE_PX, "width": IMAGE_PX}}
    processor = LlavaProcessor(
        CLIPImageProcessorPil(**size),
        tokenizer,
        patch_size=PATCH_PX,
        num_additional_image_tokens=1,
        vision_feature_select_strategy="default",
        chat_template=chat_template,
    )
    return _save(LlavaForConditionalGeneration(config), processor, directory)


def build_llava_next(directory: Path, seed: int = 0, chat_template: str | None = CHAT_TEMPLATE) -> Path:
    """LLaVA-NeXT: a picture is cut into tiles."""
    tokenizer = train_tokenizer()
    torch.manual_seed(seed)
    pinpoints = [[IMAGE_PX, 2 * IMAGE_PX], [2 * IMAGE_PX, IMAGE_PX], [2 * IMAGE_PX, 2 * IMAGE_PX]]
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**VISION_SIZES, projection_dim=32),
        text_config=LlamaConfig(**_text_sizes(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=pinpoints,
    )
    images = LlavaNextImageProcessorPil(
        size={"shortest_edge": IMAGE_PX},
        crop_size={"height": IMAGE_PX, "width": IMAGE_PX},
        image_grid_pinpoints=pinpoints,
    )
    processor = LlavaNextProcessor(
        images,
        tokenizer,
        patch_size=PATCH_PX,
        num_additional_image_tokens=1,
        vision_feature_select_strategy="default",
        chat_template=chat_template,
    )
    return _save(LlavaNextForConditionalGeneration(config), processor, directory)


def build_gemma3(directory: Path, seed: int = 0) -> Path:
    """Gemma 3: SigLIP, another tokens' layout, and inputs that say which tokens are a picture's."""
    tokenizer = train_tokenizer(boi_token="<start_of_image>", eoi_token="<end_of_image>")
    torch.manual_seed(seed)
    text = Gemma3TextConfig(**_text_sizes(tokenizer), head_dim=8, sliding_window=512)
    config = Gemma3Config(
        text_config=text,
        vision_config=SiglipVisionConfig(**VISION_SIZES, vision_use_head=False),
        mm_tokens_per_image=(IMAGE_PX // PATCH_PX) ** 2,
        boi_token_index=tokenizer.convert_tokens_to_ids("<start_of_image>"),
        eoi_token_index=tokenizer.convert_tokens_to_ids("<end_of_image>"),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    processor = Gemma3Processor(
        Gemma3ImageProcessorPil(size={"height": IMAGE_PX, "width": IMAGE_PX}),
        tokenizer,
        chat_template=CHAT_TEMPLATE.replace("<image>", "<start_of_image>"),
        image_seq_length=(IMAGE_PX // PATCH_PX) ** 2,
    )
    return _save(Gemma3ForConditionalGeneration(config), processor, directory)


BUILDERS: dict[str, Callable[[Path], Path]] = {
    "llava": build_llava,
    "llava_next": build_llava_next,
    "gemma3": build_gemma3,
}


def teach(directory: Path, turns: Sequence[Turn], reply: str, max_steps: int = 200) -> int:
    """Train the checkpoint until it greedily answers ``turns`` with ``reply``; returns the steps that it took."""
    loader: Any = AutoProcessor
    processor = loader.from_pretrained(directory, backend="pil")
    model = AutoModelForImageTextToText.from_pretrained(directory)
    images = [Image.fromarray(image) for turn in turns for image in turn.images]
    asked = processor(text=[render(turns, processor)], images=[images], return_tensors="pt")
    said = processor.tokenizer(reply + processor.tokenizer.eos_token, return_tensors="pt")["input_ids"]
    whole = {**asked, "input_ids": torch.cat([asked["input_ids"], said], 1)}
    whole["attention_mask"] = torch.ones_like(whole["input_ids"])
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(max_steps):
        logits = model(**whole).logits[:, -said.shape[1] - 1 : -1]
        if (logits.argmax(-1) == said).all():
            model.save_pretrained(directory)
            return step
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(logits[0], said[0]).backward()
        optimiser.step()
    raise AssertionError(f"not learnt in {max_steps} steps")


def _save(model: Any, processor: Any, directory: Path) -> Path:
    model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.save_pretrained(directory)
    processor.save_pretrained(directory)
    return directory
