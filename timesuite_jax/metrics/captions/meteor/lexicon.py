"""Where METEOR finds synonyms and paraphrases: an installed `pycocoevalcap`, of which only data are read."""

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.metrics.captions.meteor.paraphrases import Paraphrases
from timesuite_jax.metrics.captions.meteor.synonyms import Synonyms


@dataclass(frozen=True)
class Lexicon:
    """What METEOR knows about words beside their stems; None for what it has to do without."""

    synonyms: Synonyms | None = None
    paraphrases: Paraphrases | None = None

    @property
    def name(self) -> str:
        """Name of the metric: "meteor" with everything, else with the modules that are left."""
        if self.synonyms is None:
            return "meteor_exact_stem"
        return "meteor_exact_stem_synonym" if self.paraphrases is None else "meteor"


def installed_lexicon(sentences: Iterable[Sequence[str]]) -> Lexicon:
    """Reads synonyms and paraphrases from `pycocoevalcap`; an empty lexicon if it is not installed.

    Args:
      sentences: words of every sentence that will be compared; paraphrases are read as far as they need them.
    """
    spec = importlib.util.find_spec("pycocoevalcap")
    for folder in spec.submodule_search_locations or () if spec else ():
        jar = Path(folder) / "meteor" / "meteor-1.5.jar"
        table = Path(folder) / "meteor" / "data" / "paraphrase-en.gz"
        if jar.is_file():
            return Lexicon(Synonyms.read(jar), Paraphrases.read(table, sentences) if table.is_file() else None)
    return Lexicon()
