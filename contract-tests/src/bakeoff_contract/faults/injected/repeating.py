"""Something that is done again and again while a fault lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event


@contextmanager
def repeated(action: Callable[[], object], *, pause: float) -> Iterator[None]:
    """Do it in a thread, with so many seconds between; at least once, and once more at the end.

    What it raises is raised at the end.
    """
    over = Event()

    def go_on() -> None:
        while not over.wait(pause):
            action()

    action()
    with ThreadPoolExecutor(1, thread_name_prefix="fault") as thread:
        going_on = thread.submit(go_on)
        try:
            yield
        finally:
            over.set()
        going_on.result()
