"""Lets the API load while the database is still being made ready: most of a start is loading.

The gate is a pipe, open once its other end is closed; an API that is started again later finds it open.
"""

import os


class Gate:
    """The supervisor's side."""

    def __init__(self) -> None:
        self.descriptor, self._closed_by = os.pipe()

    def open(self) -> None:
        os.close(self._closed_by)


def wait_at(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.close(descriptor)
