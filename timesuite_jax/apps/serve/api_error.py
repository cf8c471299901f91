"""Errors of the endpoint, in OpenAI's form."""

from typing import Any


class ApiError(Exception):
    """An error that is answered with a status and a sentence.

    Args:
      status: of HTTP.
      message: what is wrong, the value and the remedy.
      code: short name, e.g. "video_not_found".
      param: field of the request that is wrong, if one is.
    """

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param

    def as_json(self) -> dict[str, Any]:
        """The body of the response."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        if self.status == 429:
            kind = "rate_limit_error"
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}
