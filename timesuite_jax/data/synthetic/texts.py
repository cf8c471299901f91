"""Templates of the questions and answers about synthetic videos.

Slots: {what} is "red circle", {start}, {end} are seconds with one decimal, {list} joins colours.
"""

GROUNDING_QUESTIONS = (
    "When is the {what} visible?",
    "During which time can the {what} be seen?",
    "Find the moment with the {what}.",
    "When does the {what} appear and vanish?",
    "Give the start and end of the {what}.",
)
GROUNDING_ANSWER = "From {start} to {end} seconds."
ABSENT_ANSWER = "It never appears."

ORDER_QUESTIONS = (
    "In which order do the colours appear?",
    "Which colour appears first and which next?",
)
ORDER_JOIN = ", then "
ORDER_ANSWER = "First {list}."
