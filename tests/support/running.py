"""The life that the doubles of this package share."""

from abc import ABC, abstractmethod
from typing import Self


class Running(ABC):
    """Starts and stops. A context manager; `start()` and `stop()` do the same."""

    @abstractmethod
    def start(self) -> Self:
        """Return itself once it can be used."""

    @abstractmethod
    def stop(self) -> None:
        """End, and leave nothing behind."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()
