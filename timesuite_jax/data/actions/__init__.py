"""Readers of lists of labelled videos: Kinetics, Something-Something and others, as they are published."""
