"""Moment retrieval and highlight detection: a head on extracted features of videos and queries."""
