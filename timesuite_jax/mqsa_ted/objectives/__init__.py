"""Losses of MQSA-TED: item cross entropy, negative sampling, transition distillation, weight penalty."""
