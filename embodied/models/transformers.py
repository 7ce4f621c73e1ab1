"""A planner for any image-text-to-text checkpoint of the Hugging Face library, held to the grammar of the commands.

A reply is always one command, whatever the checkpoint has learnt. Code that comes with a checkpoint is never run, and
weights are read from safetensors alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from embodied.attempts import repeats
from embodied.commands import MAX_REASON_CHARS, Motion, grammar, parse
from embodied.errors import MissingDependencyError, ModelError
from embodied.planner import Planner, Prompt, Reply, Tier, Turn
from embodied.registry import PlannerSetup
from embodied.resources import weights_dir

try:
    import llguidance.hf
    import torch
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor, PreTrainedTokenizerFast

    import embodied.models.rgbd_processing  # noqa: F401  (registers the shipped model's classes with the library)
    from embodied.models.constrained import compile_grammar
    from embodied.models.decoding import GrammarDecoder
except ImportError as error:
    raise MissingDependencyError(error.name or "transformers", "transformers") from error

PROMPTS = "prompts"
"""A checkpoint directory may have a folder of this name: the templates that it was trained on."""
MAX_REPLY_TOKENS = 4 * (MAX_REASON_CHARS + 16)
"""Enough for the longest command when every token is one byte of a four-byte character."""
MAX_DRAWS = 8
"""A model that still says what was tried in vain is sure of it, and is not asked for ever."""

T = TypeVar("T")
Message = dict[str, Any]


class TransformersPlanner(Planner):
    """Asks a checkpoint on this machine; the same prompt has the same reply.

    It says what is likeliest. Where that is what was just tried in vain it would say it for ever: then it is drawn.
    """

    name = "transformers"
    tier: Tier = "pixels"

    def __init__(self, checkpoint: str) -> None:
        """Load a checkpoint directory or a name on the hub; onto the GPU in bfloat16 if there is one.

        Raises:
            ModelError: If it cannot be loaded; says why and what to do.
        """
        self._checkpoint = checkpoint
        own = Path(checkpoint) / PROMPTS
        self.prompts = own if own.is_dir() else None
        self._processor = self._try("load the processor", lambda: _load_processor(checkpoint))
        self._model = self._try("load the weights", lambda: _load_model(checkpoint))
        self._decoder = self._try("prepare constrained decoding", lambda: _decoder(self._model, self._tokenizer))

    @property
    def _tokenizer(self) -> Any:
        return getattr(self._processor, "tokenizer", self._processor)

    def reply(self, prompt: Prompt) -> Reply:
        """The command that the checkpoint finds most likely, or where that was tried in vain, another.

        Raises:
            ModelError: If the checkpoint cannot answer; says why and what to do.
        """
        inputs = self._try("read the prompt", lambda: self._inputs(prompt))
        tokens = self._try("answer", lambda: self._answer(inputs, prompt.in_vain))
        return Reply(self._text(tokens), int(inputs["input_ids"].shape[1]), len(tokens))

    @torch.inference_mode()
    def _answer(self, inputs: Any, in_vain: tuple[Motion, ...]) -> list[int]:
        tokens = self._decoder.answer(inputs, MAX_REPLY_TOKENS)
        for seed in range(MAX_DRAWS):
            if not repeats(parse(self._text(tokens)), in_vain):
                break
            tokens = self._decoder.answer(inputs, MAX_REPLY_TOKENS, seed)
        return tokens

    def _text(self, tokens: list[int]) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.strip()

    def _inputs(self, prompt: Prompt) -> Any:
        turns = [_without_markers(turn, _markers(self._processor, self._tokenizer)) for turn in prompt.turns]
        images = [Image.fromarray(image) for turn in turns for image in turn.images]
        text = render(turns, self._processor)
        bos = self._tokenizer.bos_token
        inputs = self._processor(
            text=[text],
            images=[images] if images else None,
            add_special_tokens=not (bos and text.startswith(bos)),
            return_tensors="pt",
            **_depths(self._processor, prompt),
        )
        return inputs.to(self._model.device, dtype=self._model.dtype)

    def _try(self, what: str, action: Callable[[], T]) -> T:
        """The border to a library that raises anything."""
        try:
            return action()
        except ModelError as error:
            raise ModelError(f"checkpoint {self._checkpoint!r} cannot {what}: {error}") from error
        except torch.cuda.OutOfMemoryError as error:
            raise ModelError(f"checkpoint {self._checkpoint!r} does not fit the GPU: use a smaller one") from error
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelError(f"checkpoint {self._checkpoint!r} cannot {what}: {reason}; {_way_out()}") from error


def open_planner(setup: PlannerSetup) -> TransformersPlanner:
    """The checkpoint ``setup.model``, or the one that is shipped.

    Raises:
        ModelError: If it cannot be loaded.
    """
    return TransformersPlanner(named_checkpoint(setup))


def named_checkpoint(setup: PlannerSetup) -> str:
    """``setup.model``, or the one that is shipped if none is named."""
    return setup.model or str(weights_dir())


def render(turns: Sequence[Turn], processor: Any) -> str:
    """The conversation as the text that the model was trained on, or a plain one where it has no chat template.

    Templates differ in what they do with a system turn: some raise, some leave it out. Then it goes before the user's.

    Raises:
        ModelError: If the template leaves out a turn.
    """
    if not processor.chat_template:
        return _plain(turns, getattr(processor, "image_token", "<image>"))
    text = _templated(turns, processor)
    if text is None:
        text = _templated(_merged_system(turns), processor)
    if text is None:
        raise ModelError("its chat template leaves out part of the conversation; use an instruction-tuned checkpoint")
    return text


def _templated(turns: Sequence[Turn], processor: Any) -> str | None:
    try:
        messages = [_message(turn) for turn in turns]
        text = str(processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    except Exception:  # templates are Jinja2 programs of strangers; a refusal of the system turn has no type of its own
        return None
    return text if all(turn.text.strip() in text for turn in turns) else None


def _message(turn: Turn) -> Message:
    content: list[dict[str, str]] = [{"type": "image"} for _ in turn.images]
    return {"role": turn.role, "content": [*content, {"type": "text", "text": turn.text}]}


def _merged_system(turns: Sequence[Turn]) -> list[Turn]:
    system = [turn.text for turn in turns if turn.role == "system"]
    first, *rest = [turn for turn in turns if turn.role != "system"]
    return [Turn(first.role, "\n\n".join([*system, first.text]), first.images), *rest]


def _depths(processor: Any, prompt: Prompt) -> dict[str, Any]:
    """The depth map beside its picture, for processors that take one."""
    accepted = getattr(getattr(processor, "image_processor", None), "valid_kwargs", None)
    if "depth_m" not in getattr(accepted, "__annotations__", {}):
        return {}
    seen = prompt.observation
    images = [image for turn in prompt.turns for image in turn.images]
    return {"depth_m": [seen.depth_m if image is seen.image else None for image in images]}


def _plain(turns: Sequence[Turn], image_token: str) -> str:
    names = {"system": "", "user": "USER: ", "assistant": "ASSISTANT: "}
    lines = [f"{names[turn.role]}{(image_token + chr(10)) * len(turn.images)}{turn.text}" for turn in turns]
    return "\n".join([*lines, "ASSISTANT:"])


def _markers(processor: Any, tokenizer: Any) -> list[str]:
    """What a tokenizer reads as more than text, such as ``<image>``; longest first."""
    added = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
    image = getattr(processor, "image_token", None)
    return sorted({*tokenizer.all_special_tokens, *added, *([image] if image else [])}, key=len, reverse=True)


def _without_markers(turn: Turn, markers: Sequence[str]) -> Turn:
    """The turn with every marker in its text broken by a space: what people and labels say is text."""
    text = turn.text
    for marker in markers:
        text = text.replace(marker, f"{marker[0]} {marker[1:]}")
    return Turn(turn.role, text, turn.images)


def _load_processor(checkpoint: str) -> Any:
    loader: Any = AutoProcessor
    return loader.from_pretrained(checkpoint, trust_remote_code=False, backend="pil")


def _load_model(checkpoint: str) -> Any:
    on_gpu = torch.cuda.is_available()
    model: Any = AutoModelForImageTextToText.from_pretrained(
        checkpoint,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.bfloat16 if on_gpu else "auto",
        device_map="auto" if on_gpu else None,
    )
    return model.eval()


def _decoder(model: Any, tokenizer: Any) -> GrammarDecoder:
    if not isinstance(tokenizer, PreTrainedTokenizerFast) or tokenizer.eos_token_id is None:
        raise ModelError("constrained decoding needs a fast tokenizer with an end-of-sequence token")
    matcher = compile_grammar(llguidance.hf.from_tokenizer(tokenizer), grammar())
    return GrammarDecoder(model, matcher, tokenizer.eos_token_id)


def _way_out() -> str:
    return (
        "give a directory with config.json, a processor and *.safetensors, or the name of an image-text-to-text "
        "checkpoint on the hub; without network, fetch it before with 'hf download'"
    )
