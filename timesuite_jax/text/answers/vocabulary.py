"""Words of the grammar: units, and roles in a phrase.

English, German, French, Spanish, Portuguese, Italian, Russian, Chinese, Japanese and Korean. The last three are written
without spaces between these words, which are found within a run of characters, longest first.
"""

import re

from timesuite_jax.text.answers.corrections import BRIDGES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UNITS: dict[str, float] = {
    word: seconds
    for seconds, words in (
        (0.001, "ms msec millisecond milliseconds 毫秒"),
        (1.0, "s sec secs second seconds seond seonds"),
        (1.0, "sek sekunde sekunden seconde secondes seg segundo segundos secondo secondi"),
        (1.0, "\N{CYRILLIC SMALL LETTER ES} сек секунда секунд секунду секунде секунды 秒 秒钟 秒鐘 초"),
        (60.0, "m min mins minute minutes minuten mn minuto minutos minuti мин минута минуты минут минуту минуте"),
        (1.0, "секундой секундами секундах секундам seconden sekunder sekund sekundy sekundę"),
        (60.0, "минутой минутами минутах minuut minuter minutter minuty minutę"),
        (60.0, "分 分钟 分鐘 분"),
        (3600.0, "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore ч час часа часов"),
        (3600.0, "小时 小時 時間 시간"),
    )
    for word in words.split()
}
ABBREVIATED_UNITS = _words(
    "s sec secs m min mins mn h hr hrs ms msec sek std seg сек мин ч \N{CYRILLIC SMALL LETTER ES}"
)

ROLES: dict[str, str] = {
    word: kind
    for kind, words in (
        ("to", "to through thru bis à zum zur ao aos al ai alla alle tot до по 到 至 から 부터 에서"),
        ("weak_to", "a"),  # Spanish and Italian "de 5 a 12"; an article in English
        ("until", "until till til unto hasta até fino jusque jusqu 直到"),
        ("and", "and und et y e и 和 与 與 및"),
        (
            "from",
            "from since von vom ab de du des da dal dalla desde от \N{CYRILLIC SMALL LETTER ES} 从 從 自",
        ),
        ("from", "dai dalle från od"),
        ("between", "between zwischen entre tra fra между tussen mellan mellem mellom"),
        ("at", "at um bei em на в 在 於 于"),
        ("start", "start starts starting started begin begins beginning began onset commence commences commencing"),
        ("start", "starttime appear appears startpoint beginnt startet anfang beginn startzeit début commence"),
        ("start", "inicio início comienza empieza começa inizio inizia начало начинается"),
        ("start", "开始 開始 开头 開頭 起始 最初 始まり 始まる 시작"),
        (
            "end",
            "end ends ending ended finish finishes finishing finished stop stops stopping offset conclude concludes",
        ),
        ("end", "concluding endtime disappear disappears endpoint endet ende endzeit termine finit"),
        ("end", "termina finaliza acaba finisce конец заканчивается"),
        ("end", "结束 結束 结尾 結尾 終了 最后 最後 終わり 終わる 끝 종료"),
        ("lasting", "continue continues continuing extend extends extending last lasts lasting lasted duration"),
        ("lasting", "dauert dauer dure durée dura duración duração durata"),
        ("lasting", "длится 持续 持續 时长 時長 持続"),
        ("for", "for pendant durante während"),
        ("is", "is are was were be ist est es è é это 为 為 是"),
        ("not", "not nor neither never nicht nie pas non não не 不是"),
        ("except", "except excepting excluding außer außerhalb ausgenommen sauf excepté hormis excepto salvo"),
        ("except", "exceto eccetto tranne кроме исключая вне 除了 除 nowhere"),
        ("denied", "以外 之外 除く 除き 除いて 제외"),  # behind a span
        ("clause", "but while although though because where when which who sondern obwohl weil mais tandis pero sino"),
        ("clause", "mientras mas enquanto ma mentre но пока 但 但是 而 而是"),
        ("relative", "after before prior preceding following past nach vor après avant después antes depois após"),
        ("relative", "dopo prima через после спустя per ごと 마다"),
        ("amount", "outside without minus ignore disregard every each jede jeden jedes toutes tous chaque cada ogni"),
        ("amount", "каждые каждую 每 每隔"),
        (
            "amount",
            "distance length gap delay abstand entfernung distancia distância distanza расстояние 距离 距離 거리",
        ),
        ("example", "example instance beispiel exemple ejemplo 例如 比如"),
        (
            "quantity",
            "score scores scored saliency salience confidence probability rating ratings rated rate similarity",
        ),
        ("quantity", "iou accuracy version ratio temperature speed weight height width price age aged ages"),
        ("quantity", "scale count counts counted counting numbered box boxes bbox bboxes location position size"),
        (
            "quantity",
            "coordinates pixel pixels resolution center centre koordinaten coordonnées coordenadas coordinate",
        ),
        ("quantity", "координаты 坐标 座標 좌표"),
        ("count", "frame frames index idx percent percentage id ids token tokens"),
        ("count", "上午 下午 早上 晚上 凌晨 午前 午後 오전 오후"),
        ("also", "then later also again plus next finally afterwards afterward additionally besides or subsequently"),
        ("also", "dann später danach sowie außerdem wieder anschließend oder puis ensuite aussi encore ou"),
        ("also", "luego también además poi inoltre anche ancora também além затем потом также снова или 然后 然後"),
        ("by", "by"),
        ("than", "than чем"),
        ("over", "over als que che"),  # between two spans as "than"
        ("less", "less worse weniger moins menos meno менее 不如"),
        ("first", "first"),
        ("whole", "throughout"),
        ("onwards", "onward onwards"),
    )
    for word in words.split()
}
ROLES.update((word, "bridge") for word in BRIDGES - ROLES.keys())

# The grammar passes over these: "from about 3 to roughly the 7 second mark".
TRANSPARENT = _words(
    "about around approximately approx approximate roughly nearly almost circa ca exactly just right the an up mark "
    "marks point timestamp timestamps time moment very der die das den dem la le les el il lo los las os i "
    "第 的 处 處 左右 前后 前後 然后 然後 大约 大約 大概 约 約 時 时 点 點 頃 目 まで 까지 时间 時刻"
)

MARKS: dict[str, str] = {
    **dict.fromkeys("-~", "dash"),
    **dict.fromkeys("[{<", "bracket"),
    "(": "paren",
    **dict.fromkeys("])}>", "close"),
    **dict.fromkeys(".!?", "stop"),
    **dict.fromkeys("*\"'`_", "transparent"),
    **dict.fromkeys(",;", "comma"),
    **dict.fromkeys(":=", "is"),
    "&": "and",
    **dict.fromkeys("/|+\\\N{UNION}", "separator"),
    "\n": "line",
}

CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
LETTER = rf"[^\W\d_{CJK}]"  # of the scripts with spaces between words
ANY_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
CJK_WORDS = sorted(
    (word for word in {*UNITS, *ROLES, *TRANSPARENT} if re.match(f"[{CJK}]", word)), key=len, reverse=True
)
