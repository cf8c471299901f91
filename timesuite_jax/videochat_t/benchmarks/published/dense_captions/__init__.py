"""Dense captioning on official annotation files: all events of a video, with their times."""
