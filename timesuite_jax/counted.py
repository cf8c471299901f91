"""Numbers with the noun that they count, for messages."""


def counted(number: int, noun: str) -> str:
    """Returns "1 record" or "2 records".

    Args:
      number: how many.
      noun: in the singular; its plural ends in s.
    """
    return f"{number} {noun if number == 1 else noun + 's'}"
