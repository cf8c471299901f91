"""Checkpoints of a run: saving, retries, integrity, the best step, fingerprints, the lock of the work folder."""
