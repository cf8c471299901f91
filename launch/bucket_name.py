"""The rules for names of buckets (cloud.google.com/storage/docs/buckets#naming)."""

import re

_PART = re.compile(r"[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?")
_PARTS = re.compile(rf"{_PART.pattern}(\.{_PART.pattern})*")
_ADDRESS = re.compile(r"\d+(\.\d+){3}")
_MISSPELLING = re.compile(r"g[o0]{2}g[l1]e")  # "google" and what is misread as it


def naming_mistake(name: str) -> str:
    """Returns the rule that a name of a bucket breaks; empty if it is valid."""
    if len(name) < 3 or not _PARTS.fullmatch(name) or len(name) > (222 if "." in name else 63):
        return (
            "a name has 3 to 63 lower-case letters, digits, hyphens and underscores, a letter or digit first and last; "
            "or such parts with single dots between them, 222 characters in all"
        )
    if _ADDRESS.fullmatch(name):
        return "a name must not be an IP address"
    if name.startswith("goog") or _MISSPELLING.search(name):
        return "a name must not start with 'goog', or contain 'google' or a misspelling of it"
    return ""
