"""LICENSE and CITATION.cff agree with the package."""

import re

import yaml

from tests.support.paths import ROOT
from timesuite_jax import __version__

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_citation_is_of_this_version():
    assert CITATION["cff-version"] == "1.2.0" and CITATION["type"] == "software"
    assert str(CITATION["version"]) == __version__
    assert {"message", "title", "authors"} <= CITATION.keys()  # what the format requires


def test_references_are_the_papers_that_the_readme_names():
    papers = {entry["url"] for entry in CITATION["references"]}
    named = re.findall(r"https://arxiv\.org/abs/[\d.]+", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert set(named) <= papers
    for entry in CITATION["references"]:
        assert {"type", "title", "authors", "conference", "year"} <= entry.keys()
        assert entry["doi"] == f"10.48550/arXiv.{entry['url'].rpartition('/')[2]}"
        assert all({"family-names", "given-names"} == author.keys() for author in entry["authors"])


def test_the_license_is_the_one_of_the_package():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text
    assert CITATION["license"] == "Apache-2.0" == re.findall(r'license="([^"]+)"', (ROOT / "setup.py").read_text())[0]
