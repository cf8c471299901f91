"""SASRec (arXiv:1808.09781), the baseline, with the same data, protocol and training loop.

    timesuite train configs/mqsa_ted/sasrec.py --workdir runs/beauty_sasrec
    timesuite train configs/mqsa_ted/sasrec.py:toys,all_items --workdir runs/toys_sasrec_all

MQSA's short branch alone is SASRec's network, from whose code MQSA-TED's derives. Two blocks, one head, no L2 and
Adam's b2 of 0.98 are those of SASRec's paper and released code; width, batch, dropout and epochs are MQSA-TED's, so
that only the method differs. After the colon, separated by commas: a data set (default: beauty), `debug`, and

    all_items   cross entropy over all items instead of one sampled negative: how SASRec is mostly trained today, and
                closer to MQSA-TED
"""

from ml_collections import ConfigDict

from timesuite_jax.configs.mqsa_ted import beauty, sports, toys, yelp
from timesuite_jax.configs.variants import check_variant
from timesuite_jax.errors import UserError

SETS = {"beauty": beauty, "sports": sports, "toys": toys, "yelp": yelp}


def get_config(arg: str | None = None) -> ConfigDict:
    words = arg.split(",") if arg else []
    for word in words:
        check_variant(word, (*SETS, "all_items", *beauty.VARIANTS))
    of_all_items = "all_items" in words
    sets = [word for word in words if word in SETS] or ["beauty"]
    if len(sets) > 1:
        raise UserError(f"{' and '.join(sets)} are {len(sets)} data sets, but a run has one; give one")
    rest = [word for word in words if word not in SETS and word != "all_items"]
    config = SETS[sets[0]].get_config(",".join(rest))
    config.model.update(alpha=1.0, blocks=2)
    config.loss.update(distillation=0.0, l2=0.0, negatives=0 if of_all_items else 1)
    config.training.optimizer.b2 = 0.98
    return config
