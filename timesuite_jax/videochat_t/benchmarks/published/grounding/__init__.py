"""Temporal grounding on official annotation files."""
