"""How long a checkpoint takes for one command, against plain constrained generate() with the same weights.

Without --model, a new model with random weights is asked; how fast a command comes does not depend on
how good it is, but for the size of the vocabulary, which is here that of the prompts alone. The grammar is narrowed to
one command at a time, so that both say the same number of tokens. Every question is asked three times: plainly, then as
the planner asks it, then so again with another instruction and the same picture. The time is all of the planner's:
template, processor, tower, language model. Ratios are of times of the same question.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llguidance.hf
import numpy as np
import torch
from figures import Row, count, machine, parser, progress, quantile, show
from transformers import LogitsProcessorList

from embodied.camera import Camera, Intrinsics
from embodied.commands import Motion, describe_commands, grammar
from embodied.geometry import Pose
from embodied.models.constrained import GrammarLogitsProcessor, compile_grammar
from embodied.models.decoding import GrammarDecoder
from embodied.models.transformers import MAX_REPLY_TOKENS, TransformersPlanner
from embodied.observation import GripperState, Observation
from embodied.packages import package_version
from embodied.planner import Prompt
from embodied.prompting import Prompter
from embodied.resources import prompts_dir
from embodied.training.building import Sizes, build
from embodied.training.checkpoint import save_weights

VERBS = ("grasp", "move")
WIDTH_PX, HEIGHT_PX = 640, 480
CAMERA = Camera(Intrinsics.from_vertical_fov(WIDTH_PX, HEIGHT_PX, 1.0), Pose.identity())
ONE_COMMAND_S, TIMES_FASTER = 0.5, 2.0
NOT_MEASURED = 2
"""Questions asked first, while everything is warming up."""


class TimedPlanner(TransformersPlanner):
    """The planner, which can also ask plainly, held to one verb."""

    def hold_to(self, verb: str) -> None:
        """Let it say nothing but ``verb``."""
        narrow = re.sub("^start: .*$", f"start: {_alternative(verb)}", grammar(), flags=re.MULTILINE)
        self._matcher = compile_grammar(llguidance.hf.from_tokenizer(self._tokenizer), narrow)
        self._decoder = GrammarDecoder(self._model, self._matcher, self._tokenizer.eos_token_id)
        self.plainly = False

    def _answer(self, inputs: Any, in_vain: tuple[Motion, ...]) -> list[int]:
        return self._plain_answer(inputs) if self.plainly else super()._answer(inputs, in_vain)

    def _plain_answer(self, inputs: Any) -> list[int]:
        eos = self._tokenizer.eos_token_id
        constrain = LogitsProcessorList([GrammarLogitsProcessor(self._matcher)])
        length = {"max_new_tokens": MAX_REPLY_TOKENS, "eos_token_id": eos, "pad_token_id": eos}
        with torch.inference_mode():
            output = self._model.generate(**inputs, logits_processor=constrain, do_sample=False, num_beams=1, **length)
        answered: list[int] = output[0, inputs["input_ids"].shape[1] :].tolist()
        return answered

    def timed_s(self, prompt: Prompt, plainly: bool) -> tuple[float, int]:
        """Seconds for a reply, and its tokens."""
        self.plainly = plainly
        start_s = time.perf_counter()
        reply = self.reply(prompt)
        return time.perf_counter() - start_s, reply.reply_tokens


@dataclass
class Times:
    """Seconds of every question, asked in three ways, and the tokens of a reply."""

    plain_s: list[float] = field(default_factory=list)
    ours_s: list[float] = field(default_factory=list)
    again_s: list[float] = field(default_factory=list)
    tokens: int = 0


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    versions = ", ".join(f"{name} {package_version(name)}" for name in ("torch", "transformers", "llguidance"))
    print(f"{machine()}\n{versions}; {torch.get_num_threads()} threads", flush=True)
    times = {verb: Times() for verb in VERBS}
    try:
        _measure(arguments, times)
    except KeyboardInterrupt:
        print("NOT COMPLETE: interrupted")
    if all(each.again_s for each in times.values()):
        show(f"{arguments.model or 'random weights'}, {arguments.questions} pictures", list(_rows(times)))
    return 0


def _parse() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--questions", type=count, default=30, help="pictures for each command (default: 30)")
    options.add_argument("--model", help="a checkpoint (default: a new model, random weights)")
    return options.parse_args()


def _measure(arguments: argparse.Namespace, times: dict[str, Times]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        planner = TimedPlanner(arguments.model or _random_checkpoint(Path(directory)))
        with progress("questions", len(VERBS) * arguments.questions) as (bar, task):
            for verb in VERBS:
                planner.hold_to(verb)
                for number in range(-NOT_MEASURED, arguments.questions):
                    _ask(planner, number, times[verb] if number >= 0 else Times())
                    bar.advance(task, number >= 0)


def _ask(planner: TimedPlanner, number: int, times: Times) -> None:
    image = np.random.default_rng(number + NOT_MEASURED).integers(0, 256, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    depth_m = np.full((HEIGHT_PX, WIDTH_PX), 1.2, np.float32)
    seen = Observation(1, 0.0, image, depth_m, CAMERA, GripperState(0.08, False))
    prompter = Prompter("en", directory=planner.prompts)
    prompt = prompter.prompt("take the green bag out of the drawer", [], seen)
    plain_s, times.tokens = planner.timed_s(prompt, plainly=True)
    times.plain_s.append(plain_s)
    times.ours_s.append(planner.timed_s(prompt, plainly=False)[0])
    times.again_s.append(planner.timed_s(prompter.prompt("close the drawer", [], seen), plainly=False)[0])


def _random_checkpoint(directory: Path) -> str:
    texts = [path.read_text(encoding="utf-8") for path in sorted(prompts_dir().glob("**/*.t*"))]
    save_weights(*build([*texts, describe_commands("en"), describe_commands("zh")] * 3, Sizes(), seed=0), directory)
    return str(directory)


def _alternative(verb: str) -> str:
    """What the grammar has for ``verb``."""
    alternatives: list[str] = re.findall('"[a-z]+\\(".*?"\\)"', grammar().splitlines()[0])
    return next(each for each in alternatives if each.startswith(f'"{verb}('))


def _rows(times: dict[str, Times]) -> Iterator[Row]:
    for verb, each in times.items():
        yield f"{verb}, {each.tokens} tokens: plain generate()", _quartiles(each.plain_s, "s"), ""
        yield "  new picture", _quartiles(each.ours_s, "s"), f"at most {ONE_COMMAND_S} s"
        yield "  times faster", _ratio(each.plain_s, each.ours_s), f"at least {TIMES_FASTER:g}"
        yield "  same picture, another question", _quartiles(each.again_s, "s"), ""
        yield "  times faster", _ratio(each.plain_s, each.again_s), ""


def _ratio(slow_s: list[float], fast_s: list[float]) -> str:
    return _quartiles([slow / fast for slow, fast in zip(slow_s, fast_s, strict=False)], "x", 2)


def _quartiles(values: list[float], unit: str, digits: int = 3) -> str:
    low, middle, high = (quantile(values, share) for share in (0.25, 0.5, 0.75))
    return f"{middle:.{digits}f} {unit} (half in {low:.{digits}f} to {high:.{digits}f}), n = {len(values)}"


if __name__ == "__main__":
    sys.exit(main())
