"""The files of tests that start first exist: one that was renamed would start anywhere, unnoticed."""

from tests.support.longest_files import LONGEST_FILES
from tests.support.paths import ROOT


def test_they_exist_and_differ():
    assert [name for name in LONGEST_FILES if not (ROOT / name).is_file()] == []
    assert len(set(LONGEST_FILES)) == len(LONGEST_FILES)
