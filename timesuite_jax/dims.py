"""Glossary of dimensions: what the letters in array annotations and einsum strings mean, one meaning each.

A letter with a suffix is a variant of it (`D_out`, `N_merged`, `V_plus_1`). Words (`queries`, `window`) are dimensions
that need no entry. `*shape`, `*batch` and `...` are any number of dimensions.

Inputs
    B  batch: samples, or users of a recommender
    K  clips of a video
    F  frames of a clip
    T  frames of a video, K * F; of a file, those that were decoded
    H  height in pixels
    W  width in pixels
    P  tokens of the text of a clip

Models
    n  clips of all samples, B * K, in one dimension
    N  visual tokens: patches, queries, or what they were merged to
    S  positions of a sequence: tokens of the language model, items of a history
    C  keys of attention: positions of a key-value cache, of the same or of another sequence
    Q  queries of the heads that share keys, m * S, in one dimension
    D  width of a model
    M  hidden width of a feed-forward block
    h  query heads
    g  key-value heads
    m  query heads that share a key-value head, h / g
    d  width of a head
    L  layers
    r  rank of an adapter (LoRA)

Losses
    V  classes of a softmax: the vocabulary of a language model, the items of a recommender
    R  rows that are scored against all V, from any number of sequences
    A  answer positions
    E  counted transitions between items
    U  users of a data set
"""
