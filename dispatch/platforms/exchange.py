"""Describes how a stored credential is exchanged for a short-lived token. Pure; dispatch/credentials.py calls."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from adtarget.core.http_messages import HttpAnswer


class CredentialRefused(Exception):
    """The stored credential cannot work until somebody changes it: the pixel pauses."""


class CredentialUnavailable(Exception):
    """The token endpoint did not answer; try again later."""


class TokenExchange(ABC):
    """How a platform gives out tokens for stored credentials."""

    #: The setting that overrides `url`.
    setting: ClassVar[str]
    url: ClassVar[str]

    @abstractmethod
    def is_needed(self, credential: str) -> bool:
        """Whether this credential has to be exchanged; others are used as they are."""

    @abstractmethod
    def form(self, credential: str, *, url: str, now: int) -> Mapping[str, str]:
        """The form to post to `url`; `now` is in Unix seconds. Raises CredentialRefused."""

    @abstractmethod
    def read(self, answer: HttpAnswer) -> tuple[str, float]:
        """The token and its life in seconds. Raises CredentialRefused or CredentialUnavailable."""
