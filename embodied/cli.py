"""The command line: arguments only; what they ask for is done elsewhere."""

from __future__ import annotations

import signal
import traceback
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal, NoReturn

import typer
from typer.core import TyperGroup

from embodied import cli_data, cli_learning, cli_suites, console, registry
from embodied.camera import IMAGE_SIZE_PX
from embodied.errors import ControllerError, EmbodiedError
from embodied.language import Language
from embodied.packages import DISTRIBUTION, package_version
from embodied.resources import scenes_dir
from embodied.suite.file import load_suite, suite_names, suite_path
from embodied.task import load_task, task_names

SUCCESS, NO_SUCCESS, UNUSABLE, FAULT, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143

EXAMPLES = """
Examples:

  embodied run "take the green bag out of the drawer"

  embodied run 把抽屉里的绿色包装袋拿出来 --seed 7 --out out/bag

  embodied run --task bag_out_of_drawer --planner oracle

  embodied run --task bag_out_of_drawer --model llava-hf/llava-v1.6-mistral-7b-hf

  embodied show drawer_bag --seed 3 --out kitchen.png

  embodied replay out/bag

  embodied suite kitchen --episodes 3 --workers 2
"""


class _Group(TyperGroup):
    """Turns errors into one line and an exit code, for every command alike."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            console.error("interrupted; the robot was stopped, and the record kept")
            raise typer.Exit(INTERRUPTED) from None
        except EmbodiedError as error:
            if ctx.params.get("debug"):
                raise
            console.error(str(error))
            raise typer.Exit(UNUSABLE) from None


app = typer.Typer(cls=_Group, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Kind(str, Enum):
    """What can be listed."""

    SCENES = "scenes"
    TASKS = "tasks"
    SUITES = "suites"
    PLANNERS = "planners"
    CONTROLLERS = "controllers"


def _image_size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise typer.BadParameter(f"{text!r} is not WIDTHxHEIGHT, such as 448x336")
    size = int(width), int(height)
    if not all(16 <= side <= 4096 for side in size):
        raise typer.BadParameter(f"{text}: both sides must be from 16 to 4096 pixels")
    return size


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"embodied {package_version(DISTRIBUTION)}")
        raise typer.Exit(SUCCESS)


Scene = Annotated[str | None, typer.Option(help="Scene: a name, or a .toml file.", show_default="the task's")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seeds everything random.")]
ControllerName = Annotated[str, typer.Option(help="Robot; `embodied list controllers` names them.")]
Renderer = Annotated[Literal["tiny", "egl"], typer.Option(help="The simulator's renderer: software, or OpenGL.")]
ImageSize = Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="Pixels of the planning camera.")]
USUAL_SIZE = "x".join(map(str, IMAGE_SIZE_PX))


@app.callback(epilog=EXAMPLES)
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Give a robot in a kitchen an instruction, and watch it look, decide and act."""


@app.command(epilog=EXAMPLES)
def run(
    instruction: Annotated[str | None, typer.Argument(help="What to do, in English or Chinese.")] = None,
    task: Annotated[str | None, typer.Option(help="Task to be judged by: a name, or a .toml file.")] = None,
    scene: Scene = None,
    planner: Annotated[
        str, typer.Option(help="Who decides: transformers, oracle, openai, blindfolded, recorded, scripted.")
    ] = "transformers",
    model: Annotated[
        str | None,
        typer.Option(
            help="What the planner is opened with: checkpoint, endpoint's model, episode, script.",
            show_default="of transformers: the small one in weights/",
        ),
    ] = None,
    controller: ControllerName = "kitchen",
    seed: Seed = 0,
    max_steps: Annotated[
        int | None, typer.Option(min=1, max=1000, show_default="the task's, else 12", help="At most so many steps.")
    ] = None,
    out: Annotated[
        Path,
        typer.Option(file_okay=False, help="The record. An earlier episode there is replaced; anything else is kept."),
    ] = Path("out/run"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every command, move nothing.")] = False,
    gui: Annotated[bool, typer.Option("--gui", help="Open the simulator's window.")] = False,
    renderer: Renderer = "tiny",
    depth_image: Annotated[
        bool, typer.Option("--depth-image", help="Show the planner the depth map as a second picture.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option(help="Language of the prompt.", show_default="the instruction's")
    ] = None,
    image_size: ImageSize = USUAL_SIZE,
    trust_claimed_depth: Annotated[
        bool, typer.Option("--trust-claimed-depth", help="Without a depth camera, use the planner's z.")
    ] = False,
    video: Annotated[bool, typer.Option(help="Film the motion.")] = True,
) -> None:
    """Run one episode, and print every step as it happens.

    Exit code 0: the judge says success. 1: it does not, or there is no judge. 2: something given, or the robot or the
    model, is unusable. 130: Ctrl-C; the robot is stopped and the record kept.
    """
    from embodied.running import RunSettings, run_episode

    settings = RunSettings(
        instruction=instruction,
        task=task,
        scene=scene,
        planner=planner,
        model=model,
        controller=controller,
        seed=seed,
        max_steps=max_steps,
        out=out,
        dry_run=dry_run,
        gui=gui,
        renderer=renderer,
        depth_image=depth_image,
        language=language,
        image_size_px=_image_size(image_size),
        trust_claimed_depth=trust_claimed_depth,
        video=video,
    )
    outcome = run_episode(settings, console.show_step, console.show_start)
    console.show_outcome(outcome, out)
    raise typer.Exit(SUCCESS if outcome.success else NO_SUCCESS)


app.command()(cli_suites.suite)
app.command()(cli_suites.compare)
app.add_typer(cli_data.learn, name="learn")
for stage in (
    cli_learning.tower,
    cli_learning.align,
    cli_learning.instruct,
    cli_learning.mean,
    cli_learning.transplant,
    cli_learning.examine,
):
    cli_data.learn.command()(stage)


@app.command("list")
def list_names(kind: Annotated[Kind | None, typer.Argument(help="Only these, one name a line.")] = None) -> None:
    """Name every scene, task, suite, planner and controller there is."""
    if kind is not None:
        for name in _names(kind):
            print(name)
        return
    for each in Kind:
        console.show_names(each.value, [(name, _described(each, name)) for name in _names(each)])


def _names(kind: Kind) -> list[str]:
    match kind:
        case Kind.SCENES:
            return sorted(path.stem for path in scenes_dir().glob("*.toml"))
        case Kind.TASKS:
            return list(task_names())
        case Kind.SUITES:
            return list(suite_names())
        case Kind.PLANNERS:
            return list(registry.names("embodied.planners"))
        case Kind.CONTROLLERS:
            return list(registry.names("embodied.controllers"))


def _described(kind: Kind, name: str) -> str:
    if kind is Kind.SUITES:
        return load_suite(suite_path(name)).title
    if kind is not Kind.TASKS:
        return ""
    task = load_task(name)
    return f"{task.instruction('en')} / {task.instruction('zh')}"


@app.command()
def show(
    scene: Annotated[str, typer.Argument(help="A scene's name, or a .toml file.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The picture to write.")] = Path("out/show.png"),
    seed: Seed = 0,
    controller: ControllerName = "kitchen",
    renderer: Renderer = "tiny",
    image_size: ImageSize = USUAL_SIZE,
) -> None:
    """Write what the camera sees at the start, colour beside depth, as a PNG."""
    from embodied.looking import write_look

    setup = registry.ControllerSetup(scene=scene, seed=seed, renderer=renderer, image_size_px=_image_size(image_size))
    write_look(registry.open_controller(controller, setup), out)
    print(out)


@app.command()
def replay(
    directory: Annotated[Path, typer.Argument(help="An episode.")],
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Keep the second run's record here.")] = None,
) -> None:
    """Run an episode again from its recorded replies, without the model. Exit code 0: the same; 1: not."""
    from embodied.replay import replay as run_again

    comparison = run_again(directory, out)
    console.show_comparison(comparison)
    raise typer.Exit(SUCCESS if comparison.same else NO_SUCCESS)


@app.command()
def report(directory: Annotated[Path, typer.Argument(help="An episode.")]) -> None:
    """Draw an episode's report.html anew, also if its process died."""
    from embodied.report import write_report

    print(write_report(directory))


@app.command("check-controller")
def check_controller(
    name: Annotated[str, typer.Argument(help="A controller; `embodied list controllers` names them.")],
    scene: Scene = None,
    seed: Seed = 0,
) -> None:
    """See whether a robot keeps the contract. It will move: clear its workspace. Exit code 1: it does not keep it."""
    from embodied.testing import CONTROLLER_CHECKS

    controller = registry.open_controller(name, registry.ControllerSetup(scene=scene, seed=seed))
    for check in CONTROLLER_CHECKS:
        try:
            check(controller)
        except ControllerError as error:
            console.show_finding(False, check.__doc__ or check.__name__, str(error))
            raise typer.Exit(NO_SUCCESS) from None
        console.show_finding(True, check.__doc__ or check.__name__)


@app.command()
def doctor() -> None:
    """See whether everything is here that is needed, and how to get what is missing."""
    from embodied.doctor import examine

    findings = list(examine())
    for finding in findings:
        console.show_finding(finding.fine, finding.what, finding.remedy, finding.needed)
    raise typer.Exit(SUCCESS if all(finding.fine or not finding.needed for finding in findings) else NO_SUCCESS)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


def main() -> None:
    """The console script; being terminated stops the robot as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except Exception:  # a fault of the program must not look like "no success"
        traceback.print_exc()
        raise SystemExit(FAULT) from None
