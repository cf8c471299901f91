"""Expressions by which an answer takes back what precedes them, in the languages of the vocabulary.

Regular expressions over text as `plain_characters` returns it, by language.
"""

# What may follow a "no" that takes back: not what "no dog" negates.
_AFTER_NO = r"(?=\s{0,2}(?:[-,;:.!\n]|$)|\s{1,2}(?:it|that|this|wait|actually|sorry|from|between|\d))"

CORRECTIONS = {
    "English": (
        rf"\bno{_AFTER_NO}|\bwait\b(?=\s{{0,2}}[-,;:.!\n]|\s(?:no|actually|sorry)\b)|\b(?:nope|oops|actually|sorry|apologies|correction|corrected|revised)\b"
        r"|\b(?:edit|updated?)\b(?=[*_]{0,2}\s{0,2}[-:]|\s(?:to|answer|times?|span)\b)"
        r"|\b(?:er|uh|um|hmm)\b(?=[-,.]{1,4}\s{1,2}(?:\d|from|between|no|sorry|actually))",
        r"\bi\s(?:mean|meant)\b|\bor\srather\b|\b(?:scratch|strike)\sthat\b|\bmy\s(?:mistake|bad|apologies)\b|\bi\sapologi[sz]e\b",
        r"\b(?:let\sme\s(?:correct|rephrase)|to\scorrect|excuse\sme|not\squite|on\ssecond\sthought|should\s(?:be|read|have\sbeen)|i\s(?:was|am)\s(?:wrong|mistaken)|to\sbe\s(?:more\s)?(?:precise|exact|accurate)|in\sfact)\b",
        r"\bmore\s(?:precisely|accurately|exactly|correctly)\b",
    ),
    "German": (
        r"\bnein\b(?=\s{0,2}[-,;:.!])|\b(?:korrektur|berichtigung|entschuldigung|eigentlich|vielmehr|tatsächlich)\b",
        r"\b(?:ich\smeine|ich\smeinte|oder\s(?:besser|vielmehr)|besser\sgesagt|genauer\sgesagt)\b",
    ),
    "French": (
        r"\bnon\b(?=\s{0,2}[-,;:.!])|\b(?:correction|pardon|désolée?|(?:ou\s)?plutôt|en\sfait|en\sréalité)\b",
        r"\bje\sv(?:eux|oulais)\sdire\b|\bplus\sprécisément\b",
    ),
    "Spanish": (
        r"\b(?:corrección|perdón|perdona|disculpa|en\srealidad|mejor\sdicho|o\smejor)\b",
        r"\b(?:quise|quiero)\sdecir\b|\bmás\sprecisamente\b",
    ),
    "Portuguese": (
        r"\bnão\b(?=\s{0,2}[-,;:.!])|\b(?:correção|desculpe|desculpa|perdão|na\sverdade|na\srealidade|ou\smelhor)\b",
        r"\bqu(?:is|ero)\sdizer\b|\bmais\sprecisamente\b",
    ),
    "Italian": (
        r"\b(?:correzione|scusa|scusate|scusi|anzi|in\srealtà)\b",
        r"\bvo(?:levo|glio)\sdire\b|\bpiù\sprecisamente\b",
    ),
    "Russian": (
        r"\bнет\b(?=\s{0,2}[-,;:.!])|\b(?:исправление|поправка|извините|простите|вернее|точнее|на\sсамом\sделе)\b",
        r"\bя\s(?:имел[аи]?|имею)\sв\sвиду\b",
    ),
    "Chinese": (
        "不(?:对|對)?(?=[,.!])|更正|抱歉|对不起|對不起|我是说|我是說|其实|其實|实际上|實際上|准确地说|準確地說|应该是|應該是",
    ),
    "Japanese": ("いいえ|いや(?=[,.])|違います|訂正|すみません|失礼|正しくは|正確には|実際は|実際には",),
    "Korean": ("아니(?:요|오)?(?=[,.!\\s])|정정|죄송합니다|사실은|정확히는|정확하게는",),
}
"""What precedes them is replaced by the times that follow: "5 - 12 s; correction: 20 - 30 s"."""

RETRACTIONS = (
    r"\?[\s\"'*]{0,3}(?:no|nope|nein|non|não|нет)\b",
    "\\?\\s{0,3}(?:不|いいえ|いや|아니)",
    r"\?\s{0,3}i\sdon't\sthink\sso\b|(?<=[.!?]\s)wrong(?=[.!,:])",
    r"\b(?:that|this|it)(?:'s|\sis|\swas)\s(?:wrong|incorrect|not\s(?:right|correct|it))\b",
    r"\b(?:das|es)\s(?:ist|war)\s(?:falsch|nicht\srichtig)\b|\bc'est\sfaux\b|\beso\ses\sincorrecto\b|\b(?:это|так)\sневерно\b",
    "这是错的|這是錯的|これは間違い|그것은\\s틀",
)
"""What precedes them is not the answer, whatever follows: "5 - 12 s? No."."""
