"""Highlight detection on official annotation files."""
