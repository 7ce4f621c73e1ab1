"""Decoding held to a grammar, which asks the model only where the grammar leaves a choice.

What comes out is what ``generate`` gives with the same logits processor, one token at a time; but tokens that the
grammar forces go through the model together with the one before them, those at the end not at all, and the beginning
that a prompt shares with the last one is not read again. Sums are then made in another order: where two tokens are
equally likely to the last digit, rounding may decide between them. The same prompt always has the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import llguidance
import torch
from transformers import LogitsProcessorList
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from embodied.models.constrained import GrammarLogitsProcessor
from embodied.models.prefixes import ALONG_THE_TOKENS, Prefix, empty_cache, find_cuts, pictures

SEVERAL_AT_ONCE = (DynamicLayer, DynamicSlidingWindowLayer)
"""Caches of attention alone. Recurrent layers may do something else with several tokens than with one after another."""
Choice = Callable[[torch.Tensor], torch.Tensor]
"""From scores (1, vocabulary) to the token that is said (1, 1)."""


class GrammarDecoder:
    """Answers prompts within a grammar; keeps the beginning of the last prompt, and nothing else."""

    def __init__(self, model: Any, matcher: llguidance.LLMatcher, eos_token_id: int) -> None:
        """Answer with ``model``, each time from where ``matcher`` stands until ``eos_token_id``."""
        self._model, self._matcher, self._eos_token_id = model, matcher, eos_token_id
        self._image_token_id: int | None = getattr(model.config, "image_token_id", None)
        self._prefix: Prefix | None = None

    def answer(self, inputs: Mapping[str, Any], max_tokens: int, seed: int | None = None) -> list[int]:
        """The tokens that follow one prompt, as a processor made ``inputs`` of it.

        Args:
            inputs: The prompt.
            max_tokens: How many may follow.
            seed: Draws each token, as likely as the model finds it; without, it is always the likeliest.

        Raises:
            ModelError: If the model's scores are not numbers.
        """
        cache = empty_cache(self._model)
        cuts = () if cache is None else find_cuts(inputs, self._image_token_id)
        prefix, self._prefix = self._prefix, None  # if anything fails, nothing is kept
        if cuts and prefix is not None and (known := prefix.shared(inputs, cuts)):
            cache = prefix.crop(known)
        answered = self._generate(inputs, cuts, cache if cuts else None, max_tokens, seed)
        if cuts and cache is not None:
            self._prefix = Prefix(inputs, cuts, cache)
        return answered

    def _generate(
        self,
        inputs: Mapping[str, Any],
        cuts: tuple[int, ...],
        cache: DynamicCache | None,
        max_tokens: int,
        seed: int | None,
    ) -> list[int]:
        constraint = GrammarLogitsProcessor(self._matcher)
        seen = pictures(inputs) if cache is not None and cache.get_seq_length() == cuts[-1] else {}
        output = self._model.generate(
            **{name: value for name, value in inputs.items() if name not in seen},
            past_key_values=cache,
            logits_processor=LogitsProcessorList([constraint]),
            custom_generate=_Loop(constraint, cuts, _likeliest if seed is None else _Draw(seed)),
            max_new_tokens=max_tokens,
            eos_token_id=self._eos_token_id,
            pad_token_id=self._eos_token_id,
            do_sample=False,
            num_beams=1,
            use_cache=True,
        )
        answered: list[int] = output[0, inputs["input_ids"].shape[1] :].tolist()
        return answered


class _Loop:
    """What ``generate`` calls in place of its own loop, once it has prepared everything for one sequence."""

    def __init__(self, constraint: GrammarLogitsProcessor, cuts: tuple[int, ...], choose: Choice) -> None:
        self._constraint, self._cuts, self._choose = constraint, cuts, choose

    def __call__(
        self, model: Any, input_ids: torch.Tensor, logits_processor: Any, stopping_criteria: Any, **state: Any
    ) -> torch.Tensor:
        """The prompt and what follows it, (1, length)."""
        del state["generation_config"]
        outputs = _read(model, input_ids, self._cuts, state)
        run = self._constraint.forced(input_ids)
        while True:
            if not run:
                scores = outputs.logits[:, -1].to(input_ids.device, torch.float32, copy=True)
                chosen = self._choose(logits_processor(input_ids, scores))
                run = [int(chosen), *self._constraint.forced(torch.cat([input_ids, chosen], 1))]
            heard = input_ids.shape[1]
            for token in run:
                input_ids = torch.cat([input_ids, input_ids.new_tensor([[token]])], 1)
                if stopping_criteria(input_ids, None).all():
                    return input_ids
            outputs, run = _hear(model, input_ids, heard, outputs, state), []


def _likeliest(scores: torch.Tensor) -> torch.Tensor:
    return scores.argmax(-1, keepdim=True)


class _Draw:
    """Draws tokens on the CPU, so that a seed says the same on every machine that scores alike."""

    def __init__(self, seed: int) -> None:
        self._rng = torch.Generator().manual_seed(seed)

    def __call__(self, scores: torch.Tensor) -> torch.Tensor:
        return torch.multinomial(scores.softmax(-1).cpu(), 1, generator=self._rng).to(scores.device)


def _read(model: Any, input_ids: torch.Tensor, cuts: tuple[int, ...], state: dict[str, Any]) -> Any:
    """What ``model`` says after the prompt; it goes through in pieces, without those that its cache holds already."""
    cache, length = state.get("past_key_values"), input_ids.shape[1]
    start, outputs = cache.get_seq_length() if cuts and cache is not None else 0, None
    for end in [*(cut for cut in cuts if cut > start), length]:
        piece = {name: _cut(name, value, start, end) for name, value in state.items()}
        showing = not cuts or end == cuts[-1]
        inputs = model.prepare_inputs_for_generation(input_ids[:, start:end], is_first_iteration=showing, **piece)
        outputs, start = model(**inputs, return_dict=True), end
    return outputs


def _cut(name: str, value: Any, start: int, end: int) -> Any:
    """An input for the tokens from ``start`` to ``end``; masks tell of those before them too."""
    if value is None or name not in ("position_ids", *ALONG_THE_TOKENS):
        return value
    return value[..., start:end] if name == "position_ids" else value[..., :end]


def _hear(model: Any, input_ids: torch.Tensor, heard: int, outputs: Any, state: dict[str, Any]) -> Any:
    """What ``model`` says after ``input_ids``, of which it has ``heard`` so many; ``state`` is brought up to date."""
    layers = outputs.past_key_values.layers
    new = input_ids.shape[1] - heard
    step = new if all(type(layer) in SEVERAL_AT_ONCE for layer in layers) else 1
    for end in range(heard + step, input_ids.shape[1] + 1, step):
        state.update(model._update_model_kwargs_for_generation(outputs, state, num_new_tokens=step))
        inputs = model.prepare_inputs_for_generation(input_ids[:, :end], next_sequence_length=step, **state)
        outputs = model(**inputs, return_dict=True)
    return outputs
