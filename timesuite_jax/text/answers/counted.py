"""Words that mark a number as something else than a time."""

_MONTHS = (
    "january february march april june july august september october november december jan feb mar apr jun jul aug sep "
    "sept oct nov dec"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COUNTED_BEFORE = _words(
    "frame frames step steps figure fig person persons people event events scene scenes segment segments shot shots "
    "clip clips part parts chapter chapters episode episodes season level levels page pages line lines room rooms "
    "floor floors number numbers no nr option options item items section sections phase phases stage stages round "
    "rounds example player players camera cameras lane channel size version volume image images picture table top "
    "row rows column columns question questions id ids index idx token tokens "
    f"moment highlight may x # $ £ € {_MONTHS}"
)
"""A bare number behind one of these is a label or a count: "frame 10", "person 1 - 2", "May 5"."""

COUNTED_AFTER = _words(
    "frame frames fps percent people person persons man men woman women child children times step steps year years yr "
    "yrs month months week weeks days age am pm o x % ° $ £ € cm mm m² km kg g mg lb lbs oz ml l px pixel pixels mph "
    "kmh hz khz mb gb k p d th degree degrees celsius meter meters metre metres foot feet inch inches mile miles "
    "star stars dollar dollars euro euros cent cents point points goals of "
    f"个 個 人 次 点 點 时 時 帧 幀 年 月 日 岁 歳 回 명 개 {_MONTHS}"
)
"""A number without a unit before one of these is no time: "10 - 20 frames", "5.0 kg"."""

NOT_PLURAL = _words("was does this always perhaps plus versus across towards besides whereas")
"""Words that end in "s" and may follow a time: "5 - 10 was when ..."; others count what they name."""
