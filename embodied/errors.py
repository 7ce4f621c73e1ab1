"""Every error this project raises.

EmbodiedError
├── CommandError            the text is not one command            (the model can mend it)
├── GroundingError          the point has no place in the world    (the model can mend it)
├── SkillError              the robot tried and did not succeed    (the model can mend it)
├── UsageError              something a person gave is unusable    (only a person can)
│   ├── SceneError          a file under scenes/ is broken
│   ├── PromptError         a file under prompts/ is broken
│   ├── EpisodeError        an episode directory cannot be read or written
│   └── UnknownNameError    no planner, scene, ... of that name; lists those that exist
├── ControllerError         the robot is gone or breaks its contract (only a person can)
│   └── StaleCommandError   the command was made from an older observation
├── ModelError              the model cannot be loaded or reached    (only a person can)
└── MissingDependencyError  an optional package is not installed     (only a person can)

What the model can mend becomes the step's result and counts against a limit; everything else stops the
robot, is written to the log and is raised. No flag turns one kind into the other.
"""

from collections.abc import Iterable


class EmbodiedError(Exception):
    """The root of every error raised by this project."""


class CommandError(EmbodiedError):
    """The text is not exactly one command; the message is written for the model."""


class GroundingError(EmbodiedError):
    """A point of a command has no place in the world; the message is written for the model.

    Attributes:
        reason: The member of the closed list of reasons that the step's result carries, as its value.
    """

    def __init__(self, message: str, reason: str) -> None:
        """Keep the message for the model and the reason for the result."""
        super().__init__(message)
        self.reason = reason


class SkillError(EmbodiedError):
    """The robot tried and did not succeed; the message is written for the model.

    Attributes:
        reason: The member of the closed list of reasons that the step's result carries, as its value.
    """

    def __init__(self, message: str, reason: str) -> None:
        """Keep the message for the model and the reason for the result."""
        super().__init__(message)
        self.reason = reason


class UsageError(EmbodiedError):
    """Something that a person gave is unusable; the message says what would be valid."""


class SceneError(UsageError):
    """A file under ``scenes/`` is broken; the message names file, field, value and what would be valid."""


class PromptError(UsageError):
    """A file under ``prompts/`` is missing or names a placeholder that does not exist."""


class EpisodeError(UsageError):
    """An episode directory cannot be read or written."""


class UnknownNameError(UsageError):
    """Nothing of that name exists; the message lists what does."""

    def __init__(self, what: str, name: str, valid: Iterable[str]) -> None:
        """Name the kind of thing, the unknown name and every valid one."""
        self.name, self.valid = name, sorted(valid)
        super().__init__(f"no {what} is called {name!r}; there are: {', '.join(self.valid) or 'none'}")


class ControllerError(EmbodiedError):
    """The robot is gone, refuses to work or breaks its contract."""


class StaleCommandError(ControllerError):
    """The command was made from an observation older than the controller's latest."""


class ModelError(EmbodiedError):
    """The model cannot be loaded, reached or paid for."""


class MissingDependencyError(EmbodiedError):
    """An optional package is not installed; the message has the command that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        """Name the package and the extra that brings it."""
        super().__init__(f"{package} is not installed; run: pip install 'embodied-kitchen[{extra}]'")
