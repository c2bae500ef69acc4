"""What the decoders of the two network protocols have in common."""

from __future__ import annotations

from typing import Protocol

from bakeoff_contract.recording import Recording


class Undecodable(Exception):
    """What is sent cannot be read: it is encrypted or compressed."""


class Decoder(Protocol):
    """Follows one connection from its first byte, in whatever pieces the bytes come."""

    def asked(self, data: bytes, recording: Recording) -> None:
        """Take what the backend sent, and note what is complete.

        :raises Undecodable: it cannot be read.
        """

    def answered(self, data: bytes) -> None:
        """Take what the database sent."""


def text(data: bytes | bytearray) -> str:
    """SQL as it was sent; a value in it may be any bytes."""
    return data.decode("utf-8", errors="replace")
