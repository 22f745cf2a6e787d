"""Reads a visitor's consent from our own call, TCF, GPP or Google Consent Mode into one kind of answer.

Sources: our own call (`ads`, `userData`, `personalization`), a TC string (`tcf`), a GPP string (`gpp`) and Google
Consent Mode (`consentMode`). A no from any of them wins. Google's own translation of TCF purposes is used:
storage is purpose 1, user data purposes 1 and 7, personalisation purposes 3 and 4 (support.google.com/tagmanager,
"TCF and Consent Mode", 2026-11).
"""

from adtarget.core.consent.said import LONGEST_STRING, MODE_NAMES, QUESTIONS, RAW_STRINGS, Said, newest, read_said

__all__ = ["LONGEST_STRING", "MODE_NAMES", "QUESTIONS", "RAW_STRINGS", "Said", "newest", "read_said"]
