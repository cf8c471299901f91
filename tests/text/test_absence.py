"""Answers that deny an event are distinguished from answers that evade the question."""

import pytest

from timesuite_jax.text import denies_event

DENIALS = (
    "It never appears.",
    "The red circle is never visible in the video.",
    "The event does not happen.",
    "There is no red circle in the video.",
    "The video contains no dog.",
    "No such event occurs.",
    "The man isn\N{RIGHT SINGLE QUOTATION MARK}t shown opening the oven.",
    "It doesn't appear",
    "The described event cannot be found.",
    "Not present.",
    "The query does not take place in this video.",
    "The oven was not opened in the video.",
    "The video doesn't show the man.",
    "No matching segment.",
    "None.",
    "Das Ereignis kommt nicht vor.",
    "Der Mann ist im Video nicht zu sehen.",
    "Es passiert nie.",
    "Kein solches Ereignis.",
    "L'événement ne se produit pas.",
    "Il n'apparaît jamais.",
    "Elle n'est pas visible.",
    "Aucun événement.",
    "El evento no ocurre.",
    "No se ve en el video.",
    "No hay ningún momento así.",
    "O evento não acontece.",
    "Não aparece.",
    "L'evento non accade.",
    "Non si vede.",
    "Событие не происходит.",
    "Его не видно.",
    "视频中没有出现。",
    "没有这样的事件",
    "現れません。",
    "その出来事は起きていません",
    "나타나지 않습니다.",
    "그런 장면은 없습니다",
)
EVASIONS = (
    "",
    "I do not know.",
    "I am not sure when the man is seen.",
    "I don't know when it happens.",
    "I cannot tell whether it is shown.",
    "It is not clear when it happens.",
    "The man opens the oven at the end of the video.",
    "Notably the man is visible.",
    "Yes.",
    "No idea",
    "Ich weiß nicht, wann es passiert.",
    "Je ne sais pas quand il apparaît.",
    "Ce n'est pas clair.",
    "No sé cuándo ocurre.",
    "No está claro.",
    "Não sei quando acontece.",
    "Non so quando succede.",
    "Я не знаю, когда это происходит.",
    "我不知道什么时候发生。",
    "いつ起きるかわかりません。",
    "언제인지 알 수 없습니다.",
    "확실하지 않습니다.",
)


@pytest.mark.parametrize("text", DENIALS)
def test_denials(text):
    assert denies_event(text) and denies_event(text.upper())


@pytest.mark.parametrize("text", EVASIONS)
def test_other_answers(text):
    assert not denies_event(text)


def test_time_is_linear_in_the_length():
    assert not denies_event("not " + "word " * 200_000)
