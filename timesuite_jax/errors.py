"""Errors that the user can fix: bad input, bad config, missing file.

The command line prints a `UserError` as one line and exits with code 2; every other exception is a bug in this package
and keeps its traceback.
"""


class UserError(Exception):
    """An error that the user can fix.

    The message names what is wrong, the value and the remedy, in one or two sentences:
    `UserError("clips.mp4 has no video stream (streams: audio); give a file with a video track")`.
    """
