"""The texts a platform needs on set-up pages."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """How a platform names what a pixel needs, and where people find it there.

    `test_code` is '' where the platform knows no test event codes. `takes_tests` completes the sentence “Meta
    takes test events if …”; '' where it always does. `json_credential` says which JSON it takes as a
    credential, '' for none.
    """

    pixel_id: str
    where_pixel_id: str
    credential: str
    where_credential: str
    test_code: str = ""
    takes_tests: str = ""
    json_credential: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Icon:
    """A letter on a colour, so that lists can be scanned; no trademark."""

    letter: str
    colour: str


#: Sentences that the meanings of several platforms' codes share.
NEW_TOKEN = "Enter a new access token at the pixel: its sends wait and then go out."  # noqa: S105
THROTTLED = "The platform takes no more requests for now. Nothing to do: it is tried again by itself."
THEIR_TROUBLE = "Trouble on the platform's side. Nothing to do: it is tried again by itself."


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonWords:
    """Why a send ended: `label` for lists, `meaning` as a sentence, `advice` what to do about it."""

    label: str
    meaning: str
    advice: str
