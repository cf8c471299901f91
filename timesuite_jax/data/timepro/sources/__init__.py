"""Readers of the annotation files of the sources of TimePro, in the formats in which they are published."""
