import numpy as np
import pytest
from pydantic import ValidationError

from embodied.errors import SceneError
from sim.labels import LabelPlace, printed
from sim.scene import kind_names, load_scene

FLAT = LabelPlace(front_m=0.03, low_m=0.02, high_m=0.08, width_m=0.10)
ROUND = LabelPlace(front_m=0.03, low_m=0.02, high_m=0.08, width_m=0.07, round=True)


@pytest.mark.parametrize("place", [FLAT, ROUND])
def test_label_faces_the_front_and_its_word_reads_from_left_to_right(place: LabelPlace) -> None:
    mesh, uvs = place.patch()
    a, b, c = (mesh.vertices_m[mesh.faces[:, i]] for i in range(3))
    assert (np.cross(b - a, c - a)[:, 1] < 0.0).all()
    corners = mesh.vertices_m[mesh.faces.ravel()]
    assert np.corrcoef(corners[:, 0], uvs[:, 0])[0, 1] > 0.95
    assert np.corrcoef(corners[:, 2], uvs[:, 1])[0, 1] > 0.999


def test_round_label_keeps_its_distance_from_the_axis_and_its_width() -> None:
    mesh, _ = ROUND.patch()
    assert np.linalg.norm(mesh.vertices_m[:, :2], axis=1) == pytest.approx(np.full(len(mesh.vertices_m), 0.03))
    lower = mesh.vertices_m[mesh.vertices_m[:, 2] == 0.02]
    assert np.linalg.norm(np.diff(lower[:, :2], axis=0), axis=1).sum() == pytest.approx(0.07, rel=0.01)


@pytest.mark.parametrize("text", ["TEA", "SALT", "SUGAR", "BAKING SODA"])
def test_word_fills_most_of_the_label_and_stays_within_its_margin(text: str) -> None:
    dark = printed(text, 100, 60).mean(axis=2) < 120
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert columns[0] >= 8
    assert columns[-1] <= 91
    assert rows[0] >= 4
    assert rows[-1] <= 55
    assert columns[-1] - columns[0] > 70 or rows[-1] - rows[0] > 42


def test_different_words_are_different_pictures() -> None:
    assert (printed("SALT", 100, 60) != printed("RICE", 100, 60)).mean() > 0.05


@pytest.mark.parametrize("wrong", [{"low_m": 0.09}, {"round": True, "width_m": 0.2}, {"front_m": 0.0}])
def test_place_that_no_label_fits_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        LabelPlace.model_validate({**FLAT.model_dump(), **wrong})


def test_label_on_a_thing_without_room_for_it_is_refused() -> None:
    spoon = {"name": "a", "kinds": ["spoon"], "region": "counter", "label": "SALT"}
    with pytest.raises(SceneError, match="initial.objects.a.label is 'SALT': a spoon has no place for a label"):
        load_scene("counter", {"objects": [spoon]}, "mine")


def test_labels_have_room_on_jars_and_boxes() -> None:
    specs = [{"name": kind, "kinds": [kind], "region": "counter"} for kind in kind_names()]
    kinds = load_scene("counter", {"objects": specs[:40]}, "all").kinds
    with_room = {name for name, kind in kinds.items() if kind.label is not None}
    assert {"canister", "jar", "tea_box", "cereal_box"} <= with_room
    for name in with_room:
        place, kind = kinds[name].label, kinds[name]
        assert place is not None
        assert place.front_m >= -(kind.bounds()[0] + kind.moments().center_m)[1] - 1e-9, name
