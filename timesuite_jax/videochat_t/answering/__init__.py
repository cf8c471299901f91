"""Answers of VideoChat-T: decoding, the predictor of benchmarks, single questions, upstream's parsers of answers."""
