"""The error a person can mend: bad input, bad config, missing file.

The command line prints a `UserError` as one line and exits with code 2; every other exception is a defect of ours and
keeps its traceback.
"""


class UserError(Exception):
    """Something the user can put right.

    The message names the thing, the value found and the remedy, in one sentence or two:
    `UserError("clips.mp4 has no video stream (streams: audio); give a file with a video track")`.
    """
