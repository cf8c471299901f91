"""The one error for a video that cannot be used."""

from timesuite_jax.errors import UserError


class VideoError(UserError):
    """A video that cannot be used, as one sentence: the file, what is wrong with it, what to do.

    `name` is the file (or record) and `problem` the reason alone, so that a corpus of thousands can list its bad
    videos by cause.
    """

    def __init__(self, name: str, problem: str, remedy: str):
        super().__init__(f"video {name} {problem}; {remedy}")
        self.name = name
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self):
        """Errors cross process borders when worker processes decode."""
        return type(self), (self.name, self.problem, self.remedy)
