"""Models: linen modules that turn arrays into arrays and read no file; sizes come from frozen specs.

`VideoChatT` is made of `UmtTower` (frames to tokens), `QFormer` (tokens to queries), `token_shuffle` and `Tape`
(queries to the language model's tokens) and `Mistral`. `Mqsa` recommends items. A model returns its output and a
dictionary of intermediate results.
"""
