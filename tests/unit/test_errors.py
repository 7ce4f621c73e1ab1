from __future__ import annotations

import re

from embodied import errors
from embodied.errors import EmbodiedError, MissingDependencyError, UnknownNameError


def classes_below(root):
    return {child.__name__: root.__name__ for child in root.__subclasses__() if child.__module__ == errors.__name__} | {
        name: parent
        for child in root.__subclasses__()
        if child.__module__ == errors.__name__
        for name, parent in classes_below(child).items()
    }


def drawn_tree():
    parents, path = {}, [EmbodiedError.__name__]
    for line in errors.__doc__.splitlines():
        if match := re.match(r"([│ ]*)[├└]── (\w+)", line):
            depth = len(match[1]) // 4 + 1
            parents[match[2]] = path[depth - 1]
            path[depth:] = [match[2]]
    return parents


def test_tree_in_the_docstring_is_the_tree_of_the_classes():
    assert drawn_tree() == classes_below(EmbodiedError)


def test_every_line_of_the_tree_says_what_the_error_means():
    lines = [line for line in errors.__doc__.splitlines() if "──" in line]
    assert all(re.search(r"── \w+ {2,}\w+", line) or re.search(r"── \w+ +the|an", line) for line in lines)


def test_unknown_name_lists_every_valid_one_in_order():
    error = UnknownNameError("planner", "clippy", ["scripted", "oracle"])
    assert str(error) == "no planner is called 'clippy'; there are: oracle, scripted"
    assert error.valid == ["oracle", "scripted"]
    assert "none" in str(UnknownNameError("planner", "clippy", []))


def test_missing_dependency_says_the_command_that_installs_it():
    assert "pip install 'embodied-kitchen[transformers]'" in str(MissingDependencyError("torch", "transformers"))
