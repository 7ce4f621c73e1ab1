"""Situations, and what judges have to say of them; shared by the tests and by ``benchmarks/judges.py``."""

from judge_cases.changes import CHANGES
from judge_cases.containers import CONTAINERS
from judge_cases.courses import COURSES
from judge_cases.mechanisms import MECHANISMS
from judge_cases.sides import SIDED
from judge_cases.surfaces import SURFACES

CASES = (*SURFACES, *CONTAINERS, *MECHANISMS, *SIDED, *CHANGES, *COURSES)
"""Every case."""
