"""Words that mark a number as something else than a time: counts, labels, lengths, hours of the day."""

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
    "row rows column columns question questions id ids index idx token tokens p pp szene szenen kapitel abschnitt "
    "schritt bild bilder seite zeile spalte tabelle abbildung teil stufe frage scène étape chapitre image tableau "
    "niveau partie ligne escena capítulo paso imagen tabla figura página nivel parte fila cena etapa imagem tabela "
    "linha scena capitolo passo immagine tabella livello riga сцена глава раздел шаг кадр кадры страница строка "
    "таблица рисунок часть уровень "
    f"moment highlight may x # $ £ € § {_MONTHS}"
)
"""A bare number behind one of these is a label or a count: "frame 10", "person 1 - 2", "May 5"."""

COUNTED_AFTER = _words(
    "frame frames fps percent people person persons man men woman women child children times step steps year years "
    "yr yrs month months week weeks days age am pm o x % ° $ £ € cm mm m² km kg g mg lb lbs oz ml l px pixel pixels "
    "mph kmh hz khz mb gb tb kb db v w kw n hp rpm bpm ma ft yd yards kcal calories k p d th degree degrees celsius "
    "meter meters metre metres foot feet inch inches mile miles star stars dollar dollars euro euros cent cents "
    "point points goals of uhr personen leute kinder männer frauen mal bilder bildern schritte jahre jahren tage "
    "prozent punkte personnes fois ans jours pas mètres personas veces años días metros pasos pessoas vezes anos "
    "dias passos persone volte anni giorni metri passi prozent pourcent раз человек людей лет дней кадров метров "
    "шагов процентов "
    f"个 個 人 次 点 點 时 時 帧 幀 年 月 日 岁 歳 回 명 개 {_MONTHS}"
)
"""A number without a unit before one of these is no time: "10 - 20 frames", "5.0 kg"."""

NOT_PLURAL = _words("was does this always perhaps plus versus across towards besides whereas")
"""Words that end in "s" and may follow a time: "5 - 10 was when ..."; others count what they name."""

DECIMAL_LABELS = _words(
    "section sections subsection chapter chapters figure figures fig table tables version paragraph paragraphs "
    "clause eq article equation exercise appendix level item step page § kapitel abschnitt tabelle abbildung "
    "chapitre paragraphe tableau sección capítulo tabla figura seção tabela capitolo sezione tabella глава раздел "
    "таблица рисунок"
)
"""A number with a decimal point behind one of these is a label: "section 3.1"."""

VERSES = _words(
    "chapter chapters ch chap act acts scripture kapitel chapitre capítulo capitolo глава "
    "verse verses psalm psalms genesis exodus leviticus deuteronomy joshua judges ruth samuel kings chronicles ezra "
    "nehemiah esther job proverbs ecclesiastes isaiah jeremiah lamentations ezekiel daniel hosea joel amos obadiah "
    "jonah micah nahum habakkuk zephaniah haggai zechariah malachi matthew luke john romans corinthians "
    "galatians ephesians philippians colossians thessalonians timothy titus philemon hebrews james peter jude "
    "revelation quran sura surah vers verset johannes matthäus lukas psaume jean luc matthieu juan lucas mateo joão "
    "mateus giovanni luca matteo gen exod lev deut ps prov isa jer ezek matt mt mk lk jn rom cor gal eph phil thess "
    "heb jas rev иоанна матфея луки"
)
"""A clock time behind one of these that does not begin with 0 is a chapter and a verse: "John 3:16"."""

ABBREVIATED_LABELS = _words("p pp fig figs eq vol art ch chap gen exod lev deut isa jer matt rom cor gal eph heb rev")
"""A full stop may follow one of these: "p. 5", "Matt. 5:12"."""

DAY_PERIODS = _words("上午 下午 早上 晚上 凌晨 午前 午後 오전 오후")
"""A number behind one of these is an hour of the day."""

HOUR_OF_DAY = r"""
    \s{0,2}(?: [ap]\.?\s?m\b | o'?clock\b | uhr\b )
    | \s(?: in\sthe\s(?:early\s|late\s)?(?:morning|afternoon|evening) | at\s(?:night|noon|midnight|dawn|dusk) )\b
    | \s(?: (?:this|tomorrow|yesterday)\s(?:morning|afternoon|evening) | tonight )\b
    | \s(?: du\s(?:matin|soir) | de\sl'après-midi | (?:de|por)\sla\s(?:mañana|tarde|noche|madrugada) )\b
    | \s(?: da\s(?:manhã|tarde|noite) | d[ei]l?l?[ae]?\s(?:mattin[ao]|pomeriggio|sera|notte) )\b
    | \s(?: (?:morgens|vormittags|nachmittags|abends|nachts) | (?:утра|вечера|дня|ночи) )\b
"""
"""Behind a number without a unit, or in hours: "10 a.m.", "5 in the morning", "5 heures du matin"."""

LENGTH_OF = r"""
    [\s-](?:
        (?:long[\s-])?(?:video|film|movie|recording|footage)
        | long | later | earlier | afterwards? | beforehand | ago | away | apart | ahead | in\s(?:length|duration)
        | remaining | left(?!\s[a-z]) | to\sgo
        | intervals | pauses? | delays? | gaps? | bursts? | loops? | cycles? | countdown
        | lang | später | früher | zuvor | danach | entfernt | de\s(?:long|durée|duración|duração) | di\sdurata
        | plus\st(?:ard|ôt) | más\starde | mais\starde | più\stardi | fa | позже | назад
    )\b
    | '\stime\b | 間(?!に) | 간(?!에) | (?:长|長)的?
"""
"""Behind a time: it is a length, not a position: "5 second video", "5 seconds long", "ends 5 s later"."""

METRES_OF = r"""
    \s(?:
        high | tall | wide | deep | off | above | below | behind | from\s(?:the|him|her|it|them|each) | of\s[a-z]
        | hoch | breit | tief | weit | de\s(?:haut|large|profondeur|distanc[ei]a?|altura|ancho|altezza|largura)
        | di\s(?:distanza|altezza|larghezza) | в\s(?:высоту|ширину|длину|глубину)
    )\b
"""
"""Behind "5 m": metres, not minutes."""
