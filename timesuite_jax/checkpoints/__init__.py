"""Checkpoints of a run: Orbax manager, retries after failed saves, the best step, fingerprints, the lock of a work folder."""
