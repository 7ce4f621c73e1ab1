import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.errors import SceneError, UnknownNameError
from embodied.resources import scenes_dir
from sim.kitchen import Kitchen
from sim.scene import kind_names, load_scene, scene_names
from sim.tables import MAX_FILE_BYTES, read_table

MINIMAL = 'kitchen = "galley"\n'


def _scene(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", scene_names())
def test_every_shipped_scene_loads(name: str) -> None:
    scene = load_scene(name)
    assert scene.name == name


def test_at_least_25_kinds_of_objects_are_shipped() -> None:
    assert len(kind_names()) >= 25


def test_a_users_scene_finds_the_projects_kitchen(tmp_path: Path) -> None:
    assert load_scene(_scene(tmp_path, MINIMAL)).file.kitchen == "galley"


def test_an_unknown_scene_lists_those_that_exist() -> None:
    with pytest.raises(UnknownNameError, match="drawer_bag"):
        load_scene("no_such_scene")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SceneError, match=r"nowhere\.toml: cannot be read"):
        load_scene("nowhere.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kitchen = ", "is not TOML"),
        ("", "kitchen Field required"),
        ("kitchen = 3", "kitchen is 3"),
        ('kitchen = "dacha"', r"kitchen is 'dacha'.*there are: galley"),
        ('kitchen = "../galley"', r"kitchen is '\.\./galley'.*pattern"),
        ('kitchen = "/etc/passwd"', "pattern"),
        (MINIMAL + "colour = 1", "colour is 1: Extra inputs"),
        (MINIMAL + "[joints]\ndrawer_top = nan", "joints.drawer_top"),
        (MINIMAL + "[joints]\ndrawer_top = inf", "joints.drawer_top"),
        (MINIMAL + "[joints]\ndrawer_top = 1.5", "joints.drawer_top is 1.5"),
        (MINIMAL + '[joints]\ndrawer_top = "0.5"', "joints.drawer_top"),
        (MINIMAL + "[joints]\ndrawer_tpo = 0.5", "'drawer_tpo'; there are: .*drawer_top"),
        (MINIMAL + '[[objects]]\nname = "a"\nkinds = ["anvil"]\nregion = "counter"', "'anvil'.*there are: apple"),
        (MINIMAL + '[[objects]]\nname = "a"\nkinds = ["bag"]\nregion = "attic"', "'attic'; there are: .*counter"),
        (
            MINIMAL + '[[objects]]\nname = "a"\nkinds = ["bag"]\ncolors = ["plaid"]\nregion = "counter"',
            "'plaid'; there are: .*green",
        ),
        (
            MINIMAL + '[[objects]]\nname = "a"\nkinds = ["bag"]\nregion = "counter"\nx_m = [0.2, 0.1]',
            "must go from low to high",
        ),
        (MINIMAL + '[[distractors]]\ncount = [0, 900]\nregion = "counter"', "count must go"),
        (MINIMAL + '[randomisation]\nthemes = ["baroque"]', "'baroque'; there are: .*plain"),
        (MINIMAL + "[joints]\ndrawer_top = []", "joints.drawer_top.any_of is"),
        (MINIMAL + "[joints]\ndrawer_top = [0.0, 1.5]", r"joints.drawer_top.any_of.1 is 1.5"),
        (MINIMAL + '[materials]\nvelvet = { color = "#000000" }', "materials is 'velvet'; there are: burner"),
    ],
)
def test_a_broken_scene_says_what_is_wrong_and_what_would_be_valid(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        load_scene(_scene(tmp_path, text))


def test_two_objects_of_one_name_are_refused(tmp_path: Path) -> None:
    one = '[[objects]]\nname = "a"\nkinds = ["bag"]\nregion = "counter"\n'
    with pytest.raises(SceneError, match="two objects are called 'a'"):
        load_scene(_scene(tmp_path, MINIMAL + one + one))


def test_a_kitchen_that_links_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.toml"
    outside.write_text("secret = 1")
    inside = tmp_path / "scene" / "kitchens"
    inside.mkdir(parents=True)
    (inside / "sly.toml").symlink_to(outside)
    with pytest.raises(SceneError, match="kitchen is 'sly'"):
        load_scene(_scene(tmp_path / "scene", 'kitchen = "sly"'))


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="larger than"):
        load_scene(_scene(tmp_path, "#" * (MAX_FILE_BYTES + 1)))


def test_an_unknown_material_lists_those_that_exist(tmp_path: Path) -> None:
    text = (scenes_dir() / "kitchens" / "galley.toml").read_text(encoding="utf-8")
    path = tmp_path / "galley.toml"
    path.write_text(text.replace('material = "fridge"', 'material = "velvet"'), encoding="utf-8")
    with pytest.raises(SceneError, match="no material is called 'velvet'; there are: burner"):
        read_table(path, Kitchen)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_is_a_scene_or_a_scene_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("scene") / "any.toml"
    path.write_bytes(text.encode("utf-8", errors="replace"))
    with pytest.raises(SceneError):
        load_scene(str(path))


@settings(max_examples=60, deadline=None)
@given(value=st.one_of(st.floats(), st.integers(), st.booleans()))
def test_a_joints_state_is_a_share_between_zero_and_one_or_refused(
    tmp_path_factory: pytest.TempPathFactory, value: float
) -> None:
    folder = tmp_path_factory.mktemp("scene")
    text = str(value).lower()
    valid = not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= 1
    path = _scene(folder, f"{MINIMAL}[joints]\ndrawer_top = {text}")
    if valid:
        assert load_scene(path).file.joints["drawer_top"] == value
    else:
        with pytest.raises(SceneError, match=r"joints\.drawer_top"):
            load_scene(path)


def test_the_site_keeps_out_of_what_is_solid_and_not_of_what_is_hollow() -> None:
    workspace, keep_out = load_scene("counter").kitchen.site
    solid = {"counter": (0.6, 0.0, 0.79), "wall": (1.02, 0.0, 1.2), "cabinet": (0.7, 0.2, 0.5)}
    hollow = {
        "open drawer": (0.40, -0.30, 0.67),
        "sink": (0.70, 0.79, 0.72),
        "cupboard": (0.88, 0.25, 1.30),
        "microwave": (0.80, -0.60, 0.92),
        "above the counter": (0.60, 0.0, 0.85),
    }
    for name, point in solid.items():
        assert [box.name for box in keep_out if box.contains(point)] == [name]
    for name, point in hollow.items():
        assert not any(box.contains(point) for box in keep_out), name
        assert workspace.contains(point), name


INITIAL = {
    "joints": {"drawer_top": [0.0, 0.9]},
    "objects": [{"name": "cup", "kinds": ["cup"], "region": "counter"}],
    "materials": {"burner": {"color": "#ff5a1f"}},
}


def test_a_task_changes_a_scene_and_the_rest_of_it_stays() -> None:
    plain, changed = load_scene("drawer_bag"), load_scene("drawer_bag", INITIAL, "mine")
    assert [spec.name for spec in changed.file.objects] == ["bag", "cup"]
    assert changed.file.joints == {"drawer_top": (0.0, 0.9)}
    assert changed.file.materials["burner"].color == "#ff5a1f"
    assert changed.file.distractors == plain.file.distractors
    assert "cup" in changed.kinds


def test_a_task_replaces_an_object_by_its_name_and_distractors_altogether() -> None:
    bag = {"name": "bag", "kinds": ["bag"], "colors": ["red"], "region": "counter"}
    changed = load_scene("drawer_bag", {"objects": [bag], "distractors": []}, "mine")
    assert [(spec.name, spec.region) for spec in changed.file.objects] == [("bag", "counter")]
    assert changed.file.distractors == ()


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        ({"kitchen": "galley"}, "initial.kitchen is 'galley': Extra inputs"),
        ({"joints": {"drawer_tpo": 0.5}}, "initial.joints is 'drawer_tpo'; there are: .*drawer_top"),
        ({"joints": {"drawer_top": float("nan")}}, r"initial.joints.drawer_top is"),
        ({"objects": [{"name": "a", "kinds": ["anvil"], "region": "counter"}]}, "initial.kinds is 'anvil'.*there are"),
        ({"objects": [{"name": "a", "kinds": ["bag"], "region": "attic"}]}, "objects.a.region is 'attic'; there are"),
        ({"objects": [{"name": "a", "kinds": ["bag"], "region": "a"}]}, "objects.a.region is 'a'; there are"),
        ({"objects": [{"name": "a", "kinds": ["bag"], "region": "counter", "label": "x"}]}, "objects.0.label is 'x'"),
        ({"materials": {"velvet": {"color": "#000000"}}}, "initial.materials is 'velvet'; there are: burner"),
    ],
)
def test_what_a_task_says_wrongly_is_an_error_that_names_the_task_and_the_field(initial: object, message: str) -> None:
    with pytest.raises(SceneError, match=f"^task 'mine': .*{message}"):
        load_scene("drawer_bag", initial, "mine")  # type: ignore[arg-type]
