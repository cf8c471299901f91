"""The InternVideo2 encoder alone: its port, and features of videos."""
