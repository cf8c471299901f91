"""The formats of the sources of TimePro."""

from timesuite_jax.data.timepro.sources.activitynet_captions import ACTIVITYNET_CAPTIONS, ACTIVITYNET_CAPTIONS_COCO
from timesuite_jax.data.timepro.sources.activitynet_rtl import ACTIVITYNET_RTL, ACTIVITYNET_RTL_TEST
from timesuite_jax.data.timepro.sources.charades_sta import CHARADES_STA, CHARADES_STA_COCO
from timesuite_jax.data.timepro.sources.coin import COIN, COIN_TIMECHAT
from timesuite_jax.data.timepro.sources.didemo import DIDEMO
from timesuite_jax.data.timepro.sources.ego4d_nlq import EGO4D_NLQ
from timesuite_jax.data.timepro.sources.format import Format
from timesuite_jax.data.timepro.sources.hirest import HIREST
from timesuite_jax.data.timepro.sources.interlink import INTERLINK
from timesuite_jax.data.timepro.sources.moments import MOMENTS
from timesuite_jax.data.timepro.sources.queryd import QUERYD
from timesuite_jax.data.timepro.sources.qvhighlights import QVHIGHLIGHTS, QVHIGHLIGHTS_COCO
from timesuite_jax.data.timepro.sources.summe import SUMME
from timesuite_jax.data.timepro.sources.tacos import TACOS
from timesuite_jax.data.timepro.sources.timelens import TIMELENS_100K, TIMELENS_BENCH, TIMELENS_MESSAGES
from timesuite_jax.data.timepro.sources.tvsum import TVSUM
from timesuite_jax.data.timepro.sources.vitt import VITT, VITT_TIMECHAT
from timesuite_jax.data.timepro.sources.vtimellm import VTIMELLM
from timesuite_jax.data.timepro.sources.vue_tr import VUE_TR
from timesuite_jax.data.timepro.sources.whisper import WHISPER
from timesuite_jax.data.timepro.sources.youcook2 import YOUCOOK2, YOUCOOK2_COCO

TIMEPRO_FORMATS: tuple[Format, ...] = (
    DIDEMO,
    QUERYD,
    HIREST,
    CHARADES_STA,
    CHARADES_STA_COCO,
    TACOS,
    EGO4D_NLQ,
    MOMENTS,
    ACTIVITYNET_RTL,
    ACTIVITYNET_RTL_TEST,
    VTIMELLM,
    INTERLINK,
    ACTIVITYNET_CAPTIONS,
    ACTIVITYNET_CAPTIONS_COCO,
    YOUCOOK2,
    YOUCOOK2_COCO,
    VITT,
    VITT_TIMECHAT,
    COIN,
    COIN_TIMECHAT,
    WHISPER,
    QVHIGHLIGHTS,
    QVHIGHLIGHTS_COCO,
    TVSUM,
    SUMME,
    TIMELENS_BENCH,
    TIMELENS_100K,
    TIMELENS_MESSAGES,
    VUE_TR,
)
