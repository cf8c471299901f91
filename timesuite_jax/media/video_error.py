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


class DamagedFrame(VideoError):
    """A selected frame that the decoder does not output intact."""

    def __init__(self, name: str, number: int, count: int, seconds: float):
        super().__init__(
            name,
            f"has a damaged frame: number {number} of {count}, at {seconds:.2f} s",
            "download it again or re-encode it",
        )
        self._arguments = (name, number, count, seconds)

    def __reduce__(self):
        """Supports pickling, like the class above."""
        return type(self), self._arguments
