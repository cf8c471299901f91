"""What is asked and answered about synthetic videos: the one place where these texts stand.

Slots: {what} is "red circle", {start}, {end}, {time} are seconds with one decimal, {list} joins `DENSE_ITEM` or names.
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

LISTING_QUESTIONS = (
    "Which shapes appear in this video?",
    "What can be seen in the whole video?",
)
LISTING_ANSWER = "The {list}."

NAMING_QUESTIONS = (
    "What is visible at {time} seconds?",
    "What can be seen at {time} seconds?",
    "Name everything on screen at {time} seconds.",
)
NAMING_ANSWER = "The {list}."
NAMING_JOIN = " and the "
NAMING_NOTHING = "Nothing."

DENSE_QUESTIONS = (
    "Describe everything that happens with its time.",
    "List all events with start and end.",
)
DENSE_ITEM = "{what} from {start} to {end} seconds"
DENSE_JOIN = ", "

ORDER_QUESTIONS = (
    "In which order do the shapes appear?",
    "What appears first and what next?",
)
ORDER_JOIN = ", then "
ORDER_ANSWER = "First {list}."
