"""Reads the bit fields of IAB consent strings: base64url without padding, most significant bit first."""

import base64
import binascii


class Bits:
    """A segment of a consent string. Raises ValueError for text that is none, or that ends too early."""

    def __init__(self, segment: str) -> None:
        padded = segment + "A" * (-len(segment) % 4)
        try:
            octets = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise ValueError("not base64url") from error
        self._bits = "".join(f"{octet:08b}" for octet in octets)[: len(segment) * 6]
        self.at = 0

    def number(self, width: int) -> int:
        """The next `width` bits as a number."""
        end = self.at + width
        if end > len(self._bits):
            raise ValueError("too short")
        value, self.at = int(self._bits[self.at : end], 2), end
        return value

    def flag(self) -> bool:
        return bool(self.number(1))

    def flags(self, width: int) -> frozenset[int]:
        """The positions, counted from 1, of the bits that are set among the next `width`."""
        return frozenset(position for position in range(1, width + 1) if self.flag())

    def skip(self, width: int) -> None:
        self.at += width

    def fibonacci(self) -> int:
        """The next number in Fibonacci coding, which ends with two set bits in a row."""
        value, smaller, larger, was_set = 0, 1, 1, False
        while True:
            is_set = self.flag()
            if is_set and was_set:
                return value
            smaller, larger = larger, smaller + larger
            value, was_set = value + (smaller if is_set else 0), is_set
