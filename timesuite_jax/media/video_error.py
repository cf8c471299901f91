"""The error raised for every video that cannot be used."""

from timesuite_jax.errors import UserError


class VideoError(UserError):
    """A video that cannot be used; the one-sentence message has the file, the problem and the remedy.

    `name` is the file or record and `problem` the reason alone, so that a corpus can group its bad videos by reason.
    """

    def __init__(self, name: str, problem: str, remedy: str):
        super().__init__(f"video {name} {problem}; {remedy}")
        self.name = name
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self):
        """Supports pickling: decoding workers send errors to the main process."""
        return type(self), (self.name, self.problem, self.remedy)
