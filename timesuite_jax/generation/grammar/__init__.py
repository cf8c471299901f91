"""Grammars of answers: from wordings with numbers that have bounds to tables over the tokens of a vocabulary.

1. `graph`: the wordings of answers as a nondeterministic automaton over characters;
2. `automaton`: the deterministic automaton of it;
3. `token_moves`: where each token leads from each node, tokens that behave alike merged to classes;
4. `closing`: how many tokens are at least needed to complete an answer from each node;
5. `tables`: all of it as arrays for the device, see `generation.constraint`.

Imports no JAX.
"""
