"""YouCook2: steps of recipes, as released and in the COCO form of TimeChat.

Released (`youcookii_annotations_trainval.json`): {"database": {video id: {subset, duration, annotations: [{segment,
sentence}]}}}, in seconds. COCO form: {"annotations": [{image_id, duration, segments, pure_cap}]}, where `pure_cap` is
all sentences joined by ". "; its `caption` has the same times as tokens of fixed number and is not read.
"""

from timesuite_jax.data.timepro.sources.activitynet_captions import parse_joined
from timesuite_jax.data.timepro.sources.coco import coco_rows, has_coco_rows
from timesuite_jax.data.timepro.sources.database import database_rows, has_database, parse_events
from timesuite_jax.data.timepro.sources.entries import GROUNDING
from timesuite_jax.data.timepro.sources.format import Format

_TASKS = ("dense_video_captioning", GROUNDING)


YOUCOOK2 = Format(
    name="youcook2",
    title="YouCook2",
    tasks=_TASKS,
    shape='{"database": {video id: {subset, duration, annotations: [{segment, sentence}]}}}',
    reference="youcook2.eecs.umich.edu",
    matches=lambda document: has_database(document, "annotations", "segment", "sentence"),
    rows=database_rows,
    parse=parse_events("annotations", "sentence"),
    splits=True,
)
YOUCOOK2_COCO = Format(
    name="youcook2_coco",
    title="YouCook2, COCO form",
    tasks=_TASKS,
    shape='{"annotations": [{image_id, duration, segments, pure_cap}]}',
    reference="github.com/RenShuhuai-Andy/TimeChat, data set TimeIT",
    matches=lambda document: has_coco_rows(document, ("segments", "pure_cap")),
    rows=coco_rows,
    parse=lambda row, reading: parse_joined(row, reading, "pure_cap", ""),
)
