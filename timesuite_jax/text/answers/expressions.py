"""Expressions of several words that count as one token: (kind, regular expression)."""

_VIDEO = r"(?:videos?|vid|clip|film|movie|footage|recording)"
_THE = r"(?:(?:the|this|our)\s)?(?:(?:whole|entire|full)\s)?"
_CJK_VIDEO = "(?:视频|視頻|影片|動画|영상)"

EXPRESSIONS = (
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
    ("to", r"\bup\sto\b|\bjusqu'?(?:à|au)\b|\bfino\s(?:a|al|alla)\b"),
    ("until", r"\bup\suntil\b"),
    ("not", r"\b(?:rather\sthan|instead\sof|no\slonger)\b"),
    (
        "not",
        r"\b(?:(?:do|does|did)(?:n't|\snot)|never)\s(?:happen|occur|appear|exist|take\splace|show\sup)s?(?:ed)?\b",
    ),
    ("not", r"\b(?:is|are|was|were)(?:n't|\snot)\s(?:visible|shown|present|seen|found|there)\b"),
    ("not", r"\bno\s(?:such\s)?(?:event|moment|segment|scene|instance|occurrence)s?\b"),
    ("for", r"\bfor\sthe\snext\b|\b(?:takes?|took|taking)(?=\s\d)"),
    ("example", r"\be\.?g\.|\bsuch\sas\b"),
    ("other", r"\b(?:at\slast|no\slater\sthan|at\sleast|at\smost|in\stotal|out\sof)\b"),
    ("transparent", rf"\b(?:seconds?\s)?into\s(?:the|this)\s{_VIDEO}\b"),
    ("transparent", r"(?<![a-z])t\s{0,2}=|\b(?:time|timestamp)\s{0,2}[=:]"),  # "t = 5 s"
    # "in: 00:05, out: 00:12"
    ("start", r"\bin(?:[- ]?point)?(?=\s{0,2}[:=]\s{0,2}[\d.])"),
    ("end", r"\bout(?:[- ]?point)?(?=\s{0,2}[:=]\s{0,2}[\d.])"),
)
