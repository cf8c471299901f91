"""Functions for worker processes that hang, crash, raise, or delay by what they are asked to do."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from timesuite_jax.data.corpora import audit_items
from timesuite_jax.data.corpora.audit_items import Checked, Item
from timesuite_jax.data.corpora.build_video import VideoBuilder, VideoGroup


def act(item: str) -> str:
    """Does what the item asks for; every other item is returned in upper case."""
    if item == "hang":
        time.sleep(600)
    if item == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == "exit":
        os._exit(7)
    if item == "raise":
        raise ValueError("not an item")
    if item.startswith("once:"):  # crashes in the first process that receives it
        try:
            os.close(os.open(item.removeprefix("once:"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return "second"
        os.kill(os.getpid(), signal.SIGKILL)
    return item.upper()


def check_item(item: Item, deadline_s: float) -> Checked:
    """Hangs and crashes like `FaultyBuilder` in the place of an audit's function."""
    name = Path(item.where).stem
    if name in ("hang", "crash"):
        act(name)
    return audit_items.check_item(item, deadline_s)


class FaultyBuilder(VideoBuilder):
    """Hangs on videos named `hang*` and crashes on those named `crash*`, as a decoder may."""

    def build(self, group: VideoGroup) -> Any:
        if group.video.startswith(("hang", "crash")):
            act(group.video.partition(".")[0])
        return super().build(group)
