"""Checkpoints of a run: Orbax manager, retries, the best step, fingerprints, the lock of a work folder."""
