"""What the command line prints. Text from outside is never read as markup."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from embodied.commands import Refuse
from embodied.episode import REPORT, RESULT, Header, Outcome
from embodied.planner import Tier
from embodied.replay import Comparison
from embodied.step import Step

TIERS: dict[Tier, str] = {
    "oracle": "tier oracle: this planner sees the simulator's truth",
    "pixels": "tier pixels: this planner sees only what the camera sees",
    "blind": "tier blind: this planner looks at nothing",
}
_INDENT = " " * 6


def _out() -> Console:
    return Console(highlight=False, soft_wrap=True)


def error(message: str) -> None:
    """One red line on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        Text.assemble(("error: ", "bold red"), (" ".join(message.split()), "red"))
    )


def show_start(header: Header) -> None:
    """What is about to run, and what its planner can see."""
    configuration = header.configuration
    parts = [f"planner {configuration.planner}", f"controller {configuration.controller}", f"seed {configuration.seed}"]
    if configuration.dry_run:
        parts.append("dry run: nothing will move")
    _out().print(Text(configuration.instruction, style="bold"))
    _out().print(Text(", ".join(parts), style="dim"))
    if header.tier is not None:
        _out().print(Text(TIERS[header.tier], style="yellow" if header.tier == "oracle" else "dim"))


def show_step(step: Step) -> None:
    """One step: the command and its seconds; below, what guard and robot said."""
    command = step.decision.command
    timings = step.timings
    text = Text.assemble(
        (f"{step.index:>4}  ", "dim"), ("no command" if command is None else str(command), "bold cyan")
    )
    text.append(f"  {timings.look_s + timings.plan_s + timings.act_s:.1f} s", style="dim")
    text.append(f" (look {timings.look_s:.1f}, plan {timings.plan_s:.1f}, act {timings.act_s:.1f})", style="dim")
    _out().print(text)
    if step.result is not None:
        _out().print(_result_text(step))
    elif isinstance(command, Refuse):
        _out().print(Text(_INDENT + "refused", style="yellow"))


def _result_text(step: Step) -> Text:
    result = step.result
    text = Text(_INDENT)
    if step.verdict is not None:
        text.append(
            "allowed" if step.verdict.allowed else "not allowed", style="green" if step.verdict.allowed else "red"
        )
        text.append(", ")
    if result is not None:
        text.append(result.status, style="green" if result.status == "succeeded" else "red")
        text.append(f" ({result.reason.value})" if result.reason else "", style="red")
        text.append(f": {result.message}")
    return text


def show_outcome(outcome: Outcome, directory: Path) -> None:
    """How it ended, and where the report and the result are."""
    words = {True: ("success", "bold green"), False: ("no success", "bold red"), None: ("not judged", "bold yellow")}
    text = Text.assemble(words[outcome.success], f": {outcome.message}; {outcome.steps} steps, {outcome.seconds:.1f} s")
    _out().print(text)
    for answer in outcome.judge:
        show_finding(answer.holds, answer.predicate)
    if outcome.tier is not None:
        _out().print(Text(TIERS[outcome.tier], style="yellow" if outcome.tier == "oracle" else "dim"))
    for name in (REPORT, RESULT):
        _out().print(Text(str(directory / name)))


def show_names(title: str, names: list[tuple[str, str]]) -> None:
    """A heading, and below it names with what there is to say of each."""
    _out().print(Text(title, style="bold"))
    table = Table.grid(padding=(0, 2))
    for name, description in names or [("none", "")]:
        table.add_row(Text(f"  {name}"), Text(description, style="dim"))
    _out().print(table)


def show_finding(fine: bool, what: str, remedy: str = "", needed: bool = True) -> None:
    """One line with a tick or a cross, and below it what to do."""
    mark, style = ("✓", "green") if fine else ("✗", "red") if needed else ("-", "yellow")
    _out().print(Text.assemble((f"  {mark} ", style), what))
    if remedy and not fine:
        _out().print(Text(f"      {remedy}", style="dim"))


def show_comparison(comparison: Comparison) -> None:
    """Whether two runs of an episode are the same, and the first thing in which they are not."""
    for change in comparison.changed_versions:
        _out().print(Text(f"note: recorded with {change}", style="yellow"))
    if comparison.same:
        _out().print(Text(f"the same: {comparison.steps} steps, and the outcome", style="bold green"))
    else:
        _out().print(Text(f"not the same: {comparison.difference}", style="bold red"))
