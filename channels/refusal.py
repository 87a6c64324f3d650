"""How a message comes to nothing."""


class Refused(Exception):
    """The message has not been taken. `permanent`: nor will it be, however often it is tried."""

    def __init__(self, words: str, *, permanent: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.permanent = permanent
