"""MQSA-TED's losses: cross entropy over items, negative sampling, transition distillation, weight penalty."""
