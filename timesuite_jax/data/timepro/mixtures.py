"""The original's mixtures: names of the corpora that its stages train on.

The names, misspelt ones included, are those of its configs and of the annotation files in `datasets/TimePro` of the
Hugging Face repository Lanxingxuan/TimeSuite.
"""

from collections.abc import Mapping

MIXTURES: Mapping[str, tuple[str, ...]] = {
    # Stages A and B: TimePro's tasks and conversations.
    "timepro_normal": (
        "timeit_ANet",
        "timeit_COIN",
        "timeit_DiDeMo",
        "timeit_HiREST",
        "timeit_QuerYD",
        "timeit_TVSum",
        "timeit_ViTT",
        "timeit_yttemporal180m",
        "conversation_videochatgpt",
        "conversation_videochat2",
        "conversation_videochat1",
        "caption_youcook2",
        "vqa_ego_qa",
        "grounding_ANetRTL",
        "grounding_IntrenvidVTime_100K",
        "grounding_ANetHL2",
        "grounding_CosmoCap_93K",
        "vqa_moviechat",
        "caption_moviechat",
        "reasoning_star",
    ),
    # Stage C.
    "finetune_grounding": ("FT_Charades", "FT_QVHighlights", "grounding_ANetHL2", "caption_youcook2"),
}
