"""Expressions of several words that count as one token: (kind, regular expression)."""

from timesuite_jax.text.answers.corrections import (
    CORRECTIONS,
    DOUBTS,
    HESITATIONS,
    RESTATEMENTS,
    RETRACTED,
    RETRACTIONS,
)
from timesuite_jax.text.answers.decades import DECADES
from timesuite_jax.text.answers.denials import ABSENCES, DENIALS, REJECTIONS, VERB_FINAL
from timesuite_jax.text.answers.vocabulary import ANY_UNIT

_VIDEO = r"(?:videos?|vid|clip|film|movie|footage|recording)"
_THE = r"(?:(?:the|this|our)\s)?(?:(?:whole|entire|full)\s)?"
_TOLERANCE = (
    r"(?:\+\s?/?\s?-|±|plus\s?(?:or|/)?\s?minus|give\sor\stake|mehr\soder\sweniger|plus\sou\smoins|más\so\smenos"
    r"|mais\sou\smenos|più\so\smeno|плюс-минус|正负|正負|プラスマイナス|플러스\s?마이너스)"
)
_CJK_VIDEO = "(?:视频|視頻|影片|動画|영상)"
_NUMBER = r"(?:\d{1,4}|[^\W\d_]{2,}(?:\s[^\W\d_]{2,})?)"
_LASTS_FROM = (
    r"\b(?:dura|demora|duración|duração|durata|durée|dure|dauer|длится|продолжается|длительностью|продолжительностью)"
    r"(?:\s(?:aproximadamente|cerca|unos|environ|circa|около|примерно))?\s(?:de|da|dai|von|от)"
    rf"(?=\s(?:(?:unos|environ|cerca\sde)\s)?{_NUMBER}\s(?:a|à|ai|hasta|até|bis|до)\s{_NUMBER}\s(?:{ANY_UNIT})(?![^\W\d_]))"
)

EXPRESSIONS = (
    *(("count", words) for words in DECADES),
    *(("other", words) for words in DOUBTS),
    *(("denial", words) for words in RETRACTED),
    *(("retraction", words) for words in RETRACTIONS),
    *(("correction", words) for rows in CORRECTIONS.values() for words in rows),
    *(("hesitation", words) for words in HESITATIONS),
    *(("restatement", words) for rows in RESTATEMENTS.values() for words in rows),
    *(
        ("denied" if language in VERB_FINAL else "denial", words)
        for table in (DENIALS, REJECTIONS)
        for language, rows in table.items()
        for words in rows
    ),
    *(("absence", words) for words in ABSENCES),
    ("to", r"\bbis\szu\b|\bdo(?=\s\d)(?<=\d\sdo)"),  # German; Polish and Czech "od 5 do 12"
    ("and", r"\ben(?=\s\d)(?<=\d\sen)|\boch?\b(?=\s\d)|\bog\b(?=\s\d)"),  # Dutch and Scandinavian
    # Another event follows: "5 - 12 s as well as 20 - 30 s".
    (
        "also",
        r"\b(?:as\swell\sas|followed\sby|in\saddition(?:\sto)?|once\s(?:more|again)|(?:a\s(?:second|third|fourth)|another|one\smore)\stime|along\swith"
        r"|together\swith|after\sthat|later\son|noch\s?(?:ein)?mal|ainsi\sque|de\snouveau|así\scomo|otra\svez|assim\scomo|de\snovo|di\snuovo"
        r"|а\sтакже)\b|\b(?:después|depois)(?=,?\s\d)",
    ),
    # "2 and a half minutes", "2 minutes and a half"
    ("half", r"\b(?:and\sa\shalf|et\sdemie?|y\smedi[oa]|e\sm(?:ei|ezz)[oa]|с\sполовиной)\b"),
    (
        "newcomer",
        r"(?:(?<=[.!?;,\n]\s)|(?<=\n)|(?<=\b(?:and|but|und)\s)|(?<=\bthen\s)|(?<=\bwhile\s)|(?<=\bet\s)|(?<=\by\s))"
        r"(?:an?|another|someone|somebody|the\sother|eine?|une?|una|otr[oa]|outr[oa])\b(?=\s[^\W\d])"
        r"(?!\s(?:[^\W\d]+\s)?(?:moment|while|bit|little|few|short|couple|second|minute|half|hour|later|time|total|end)\b)",
    ),
    ("bridge", r"\b(?:correct|right|actual|true|real)\sone\b"),
    ("not", r"\b(?:no|non)(?=\s(?:de|desde|entre|da|dal|tra|fra)\s\d)"),
    (
        "except",
        r"\b(?:other\sthan|all\s(?:of\sit\s)?but|anything\sbut|with\sthe\sexception\sof|not\sincluding)\b",
    ),
    ("except", r"\bà\sl'exception\sde\b|\ben\sdehors\sde\b|\bhors\sde\b|\bf(?:uera|ora)\sde\b|\bal\sdi\sfuori\sdi\b"),
    ("except", r"\bза\s(?:исключением|пределами)\b"),
    ("quantity", r"(?<!time\s)\bpoints?(?:_2d)?[\"']?\s{0,2}[:=]\s{0,2}(?=\[)"),
    ("count", r"(?:^|(?<=[.;(]\s)|(?<=\sin\s))mark\s[1-9]\d?:[0-5]\d\b"),
    ("except", r"(?:^|(?<=[.,;:(]\s)|(?<=[.,;:(]))(?:apart|aside)\sfrom\b"),
    ("amount", r"\b(?:entfernung|abstand|länge)\svon\b|\b(?:distance|longueur|distancia|distância|distanza)\sd[ei]\b"),
    # "±2 s" changes nothing about the times beside it.
    (
        "transparent",
        rf"{_TOLERANCE}\s{{0,2}}\d[\d.,]*(?:\s?(?:[-~]|to|bis|à|a|до|到|から|에서)\s?\d[\d.,]*)?(?:\s?(?:{ANY_UNIT})(?![^\W\d_]))?",
    ),
    # How often or how long, not when.
    (
        "amount",
        r"\bintervals\sof\b|\ba\s(?:period|span)\sof\b|\b(?:more|less|longer|shorter|sooner|later|earlier)\sthan\b|\balle(?=\s\d+\s?(?:bis|-)\s?\d)",
    ),
    # "dura de cinco a doce segundos": these prepositions are also those of amounts
    ("amount", _LASTS_FROM),
    ("over", r"\b(?:do|de\slo)\sque\b"),  # "do que" is "than" in Portuguese
    ("other", r"\bantes(?=\s\d[^;.\n]{1,40}\bdo\sque\b)"),
    ("transparent", r"(?<=\bentre\s)o\b"),
    # "von der 5. bis zur 12. Sekunde"
    ("transparent", r"(?:(?<=\b(?:der|zur|zum|dem)\s\d)|(?<=\b(?:der|zur|zum|dem)\s\d\d))\.(?=\s(?:bis|und)\s)"),
    ("other", r"\b(?:before|after)\s(?:which|that|this)\b"),
    # Relative to another time, behind a unit: "5-12秒后".
    ("relative", r"(?<=[秒分钟鐘초분])\s?[之以이]?[后後前전후뒤](?![后後面])"),
    ("relative", r"(?<=[结結][束尾])之?前|(?<=[终終最][了后後])の?前|끝나기\s?전"),
    # Its length is no time of an event.
    (
        "quantity",
        rf"\b(?:whole|entire|total|full|overall|{_VIDEO}(?:'s)?)\s(?:{_VIDEO}\s)?(?:duration|length)\b",
    ),
    ("quantity", rf"\b(?:duration|length)\sof\s{_THE}{_VIDEO}\b"),
    ("quantity", r"\b(?:video|film|movie|footage|recording)\s(?:ends|lasts|stops)\b"),
    # Its boundaries are times.
    ("beginning", rf"\b(?:beginning|start|opening|outset)\sof\s{_THE}{_VIDEO}\b"),
    ("beginning", rf"\b{_VIDEO}(?:'s)?\s(?:beginning|start)\b"),
    ("beginning", r"\b(?:beginn|anfang)\sdes\svideos\b|\bdébut\sde\sla\svidéo\b"),
    ("beginning", r"\b(?:inicio|início|inizio)\sd(?:el|o)\sv[ií]deo\b"),
    ("beginning", rf"{_CJK_VIDEO}的?(?:开始|開始|开头|開頭|最初|시작)"),
    ("finish", rf"\b(?:end|ending|conclusion|finish)\sof\s{_THE}{_VIDEO}\b"),
    ("finish", rf"\b{_VIDEO}(?:'s)?\s(?:end|ending)\b|(?<=until\s)(?:the\s)?{_VIDEO}\sends\b"),
    ("finish", r"\bende\sdes\svideos\b|\bfin\sde\sla\svidéo\b|\b(?:final|fin|fine)\sd(?:el|o)\sv[ií]deo\b"),
    ("finish", rf"{_CJK_VIDEO}의?的?\s?(?:结束|結束|结尾|結尾|最後|終わり|끝)"),
    ("whole", rf"\b(?:whole|entire|full|complete)\s{_VIDEO}\b|\ball\sof\sthe\s{_VIDEO}\b"),
    ("last", r"\b(?:the|its|in|during|for)\s(?:last|final)(?=\s\d)"),
    ("onwards", r"\bon(?=\s{0,4}(?:[.,;!)]|$))"),
    ("until", r"\bup\s(?:to|until)\b|\bjusqu'?(?:à|au)\b|\bfino\s(?:a|al|alla)\b|\b(?:no|not)\slater\sthan\b"),
    ("not", r"\b(?:rather\sthan|instead\sof|as\sopposed\sto|no\slonger)\b|(?:与其|與其)[说說]?"),
    ("not", r"\b(?:is|are|was|were|do|does|did)n't(?=\s(?:(?:from|between|at|in|during|be)\s)?\d)"),
    ("for", r"\bfor\sthe\snext\b|\b(?:takes?|took|taking)(?=\s\d)"),
    ("example", r"\be\.?g\.|\bsuch\sas\b"),
    ("other", r"\b(?:at\slast|at\sleast|at\smost|in\stotal|out\sof)\b"),
    ("transparent", rf"\b(?:seconds?\s)?into\s(?:the|this)\s{_VIDEO}\b"),
    ("transparent", r"(?<![a-z])t\s{0,2}=|\b(?:time|timestamp)\s{0,2}[=:]"),  # "t = 5 s"
    # "t0 = 5 s, t1 = 12 s", "ts: 5 s, te: 12 s"
    ("variable", r"\bt(?:ime(?:_?stamp)?)?_?\d(?!\w|[.:]\d)|\btime(?:stamp)?\s\d(?=[\"']?\s?[=:])"),
    ("start", r"\bt_?s(?:tart)?(?=[\"']?\s{0,2}[:=])"),
    ("end", r"\bt_?e(?:nd)?(?=[\"']?\s{0,2}[:=])"),
    # "It opens at 5 s and closes at 12 s."
    ("start", r"\b(?:opens|enters|arrives)(?=\sat\s(?:about\s|around\s|the\s)?\d)"),
    ("end", r"\b(?:closes|leaves|exits|departs)(?=\sat\s(?:about\s|around\s|the\s)?\d)"),
    # "in: 00:05, out: 00:12"
    ("start", r"\bin(?:[- ]?point)?(?=\s{0,2}[:=]\s{0,2}[\d.])"),
    ("end", r"\bout(?:[- ]?point)?(?=\s{0,2}[:=]\s{0,2}[\d.])"),
)
