"""The formats of lists of labelled videos."""

from timesuite_jax.data.actions.activitynet import ACTIVITYNET, HACS_CLIPS
from timesuite_jax.data.actions.hmdb51 import HMDB51
from timesuite_jax.data.actions.kinetics import KINETICS
from timesuite_jax.data.actions.label_list import K_MASH, LABEL_LIST
from timesuite_jax.data.actions.moments_in_time import MOMENTS_IN_TIME
from timesuite_jax.data.actions.something import SOMETHING_1, SOMETHING_2
from timesuite_jax.data.actions.ucf101 import UCF101
from timesuite_jax.data.timepro.sources.format import Format

ACTION_FORMATS: tuple[Format, ...] = (
    KINETICS,
    LABEL_LIST,
    SOMETHING_1,
    SOMETHING_2,
    MOMENTS_IN_TIME,
    UCF101,
    HMDB51,
    ACTIVITYNET,
    HACS_CLIPS,
    K_MASH,
)
