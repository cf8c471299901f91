"""Names of buckets are checked by the published rules."""

import sys

import pytest

from tests.support.paths import LAUNCH

sys.path.insert(0, str(LAUNCH))
from bucket_name import naming_mistake

LONG = ".".join(["a" * 63] * 3)  # 191 characters


@pytest.mark.parametrize(
    "name",
    [
        *["abc", "my-bucket", "my_bucket", "a--b", "a__b", "0_a.b-9", "000", "a" * 63],
        *["example.com", "a.b", "1.2.3", "1.2.3.4.5", "1.2.3.a", f"{LONG}.{'b' * 30}"],
        *["goo-g", "agoog", "my-goog", "gogle", "g-oogle"],
    ],
)
def test_valid(name):
    assert not naming_mistake(name)


@pytest.mark.parametrize(
    "name",
    [
        *["", "a", "ab", "a" * 64, f"{LONG}.{'b' * 31}", f"{'a' * 64}.com"],
        *["My", "MY-BUCKET", "a b", "a\n", "abc\n", "a/b", "a:b", "ä-b", "a²b", "a٣b", "x*?"],
        *["-ab", "ab-", "_ab", "ab_", ".ab", "ab.", "..."],
        *["a..b", "a...b", "a.-b", "a-.b", "a._b"],
    ],
)
def test_invalid_characters_lengths_and_ends(name):
    assert "3 to 63" in naming_mistake(name)


@pytest.mark.parametrize("name", ["192.168.5.4", "0.0.0.0", "255.255.255.255", "8.8.8.8"])
def test_addresses(name):
    assert "IP address" in naming_mistake(name)


@pytest.mark.parametrize(
    "name", ["goog", "goog-x", "google", "my-google", "a.google.com", "xgooglex", "g00gle-x", "g0og1e"]
)
def test_reserved_words(name):
    assert "'goog'" in naming_mistake(name)
