"""Expressions that deny an event, or reject the span beside them, in the languages of the vocabulary.

Regular expressions over text in lower case, by language.
"""

_NOT = r"\b(?:(?:do|does|did|is|are|was|were|will|wo|ca|can|could|has|have|had)\s?)?(?:not|n't|never)\s(?:be(?:en)?\s)?"
# What follows a denial of other times: "5 - 12 s (not visible later)".
_ELSEWHERE = (
    r"(?!\s(?:at\sfirst|initially|before(?=,|\s[a-z])|yet)\b)"
    r"(?!\s(?:(?:at|in|for)\s)?(?:again|later|afterwards?|elsewhere|any\s?more|any\sother\s(?:time|point|moment|part)s?)"
    r"\s{0,2}(?:[.;!)\]]|,(?!\s(?:from|between|at|in|\d))|$))(?:\s(?:again|later|afterwards?)\b,?)?"
)
# What follows "is missing" itself, not what is missing: "he is missing a shoe".
_CLAUSE_END = (
    r"(?=\s{0,2}(?:[.,;:!)\]]|$)|\s(?:from|in|at|on|during|between|until|till|throughout|for|here|and|but|\d))"
)

ABSENCES = (
    r"\bthere(?:\s(?:is|are|was|were)|'s)\s(?:no|not\san?y?)\b(?!\s(?:doubt|question|need|reason|problem|more|other|further|better)\b)",
    r"\b(?:no\s\w{1,20}|nobody|none|nothing)\s(?:(?:is|are|was|were|can\sbe)\s)?"
    r"(?:appears?|happens?|occurs?|visible|shown|seen|present|there)\b",
)
"""What is not there at the times that follow: "there is no dog from 5 to 12 s"; behind a time they are its caption."""

VERB_FINAL = ("Japanese", "Korean")
"""Languages in which a denial follows the times that it denies."""

DENIALS = {
    "English": (
        rf"{_NOT}(?:happen|occur|appear|exist|take\splace|show\sup)s?(?:ed)?\b{_ELSEWHERE}",
        rf"{_NOT}(?:visible|shown|present|seen|found|there)\b{_ELSEWHERE}",
        r"\bno\s(?:such\s)?(?:event|moment|segment|scene|instance|occurrence)s?\b",
        rf"\bnothing\s(?:happens|occurs|appears)\b|\b(?:is|was|are|were)\s(?:absent|missing){_CLAUSE_END}|\bfails?\sto\sappear\b",
    ),
    "German": (
        r"\b(?:erscheint|passiert|geschieht|existiert|ereignet\ssich|zeigt\ssich)\s(?:\w{1,20}\s){0,2}(?:nicht|nie)\b",
        r"\b(?:nicht|nie(?:mals)?)\s(?:zu\ssehen|sichtbar|vorhanden|gezeigt|vor|statt|auf|enthalten)\b",
        r"\bkein(?:e|en|em|er)?\s(?:solche[snmr]?\s)?(?:ereignis|szene|moment|stelle|abschnitt)\w{0,3}\b",
    ),
    "French": (
        r"\bn(?:e\s|')(?:se\s|s'|y\s)?(?:appara[îi]t|produit|passe|arrive|existe|voit|montre|figure|déroule)\s(?:pas|jamais)\b",
        r"\bn'(?:est|a|y\sa)\s(?:pas|jamais)\s(?:été\s)?(?:visible|présente?|montrée?|vue?|trouvée?|là|lieu|de|d')",
        r"\baucune?\s(?:tel(?:le)?\s)?(?:événement|moment|scène|instant|passage)\b",
    ),
    "Spanish": (
        r"\b(?:no|nunca)\s(?:se\s)?(?:aparecen?|ocurren?|sucede|pasa|existe|ve|muestra|produce|hay)\b",
        r"\b(?:no|nunca)\s(?:está|es)\s(?:visible|presente)\b|\bning[uú]n[ao]?\s(?:evento|momento|escena)\b",
    ),
    "Portuguese": (
        r"\b(?:não|nunca)\s(?:se\s)?(?:aparecem?|ocorrem?|acontece|existe|vê|mostra|produz|há)\b",
        r"\b(?:não|nunca)\s(?:está|é)\s(?:vis[ií]vel|presente)\b|\bnenhuma?\s(?:evento|momento|cena)\b",
    ),
    "Italian": (
        r"\bnon\s(?:si\s)?(?:appare|appaiono|accade|succede|avviene|vede|verifica|esiste|mostra|c'è)\b",
        r"\b(?:non|mai)\sè\s(?:visibile|presente|mostrat[oa])\b|\bnessuna?\s(?:evento|momento|scena)\b",
    ),
    "Russian": (
        r"\bне\s(?:появля|происход|случа|вид(?:ен|н)|показан|существу|встреча)\w{0,8}\b|\bотсутствует\b",
        r"\bнет\s(?:такого|такой|этого|события)\b",
    ),
    "Chinese": (
        "(?:没有|沒有|并未|並未|从未|從未|没|未|不)(?:出现|出現|发生|發生|存在|看到|显示|顯示)",
        "(?:没有|沒有)(?:这样|這樣|这个|這個|该|該|此|任何)的?(?:事件|场景|場景|片段)?",
    ),
    "Japanese": (
        "(?:現れ|起こり|起き(?:てい)?|見え|映り|映ってい|存在し|登場し|発生し|あり|示されてい)ません(?:でした)?",
        "(?:現れ|起こら|起き|見え|映ら|映ってい|存在し|登場し|発生し|示されてい)な(?:い|く|かった)",
    ),
    "Korean": (
        "(?:나타나|보이|일어나|발생하|등장하|존재하)지\\s?(?:않|못)[가-힣]{0,4}",
        "(?<!수\\s)(?<!수)없(?:었습니다|습니다|다|어요|음)",
    ),
}
"""An event does not happen: "It never appears"."""

REJECTIONS = {
    "English": (
        rf"\b(?=[iaw])(?<!\bi\s)(?<!he\s)(?<!you\s)(?<!who\s)(?<!they\s)(?:is|are|was|were)\s(?:wrong|incorrect|false)\b|{_NOT}(?:right|correct|it|the\sanswer)\b",
    ),
    "German": (r"\b(?:ist|war)\s(?:falsch|nicht\s(?:richtig|korrekt))\b",),
    "French": (r"\best\s(?:faux|fausse|incorrecte?)\b|\bn'est\spas\s(?:correcte?|juste)\b",),
    "Spanish": (r"\bes\s(?:incorrect[oa]|fals[oa])\b|\bno\ses\scorrect[oa]\b",),
    "Portuguese": (r"\b(?:é|está)\s(?:incorret[oa]|fals[oa]|errad[oa])\b|\bnão\sé\scorret[oa]\b",),
    "Italian": (r"\bè\s(?:sbagliat[oa]|fals[oa]|errat[oa])\b|\bnon\sè\scorrett[oa]\b",),
    "Russian": (r"\b(?:неверно|неправильно|ошибочно)\b",),
    "Chinese": ("是?(?:错误|錯誤|错|錯)的|不(?:正确|正確)",),
    "Japanese": ("(?:では|じゃ)(?:な(?:い|く)|ありません)|(?:間違い|誤り)(?:です|だ)",),
    "Korean": ("(?:이|가)?\\s?(?:아니(?:라|고|다|에요)|아닙니다)|틀(?:렸|립)[가-힣]{0,3}",),
}
"""The span before them is not the answer: "5 - 12 s is wrong"."""
