"""Answers of VideoChat-T: prompts, decoding, parsed predictions, reports."""
