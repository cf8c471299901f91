"""An invalid value in a batch of rows."""


class RowError(ValueError):
    """An invalid value.

    Attributes:
      row: of the value, counted from 0 in the batch or the log that was given.
    """

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row
