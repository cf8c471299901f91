"""Multiple choice on official annotation files."""
