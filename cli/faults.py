"""How a command ends badly: one or two sentences on stderr, and an exit code."""


class Failure(Exception):
    """What could not be done, and what to do about it, for a person."""

    exit_code = 1


class WrongUse(Failure):
    """The command or a setting says something that cannot be."""

    exit_code = 2


class ToldFailure(Failure):
    """Another program of ours has already said what is wrong."""
