"""Apps: whole journeys made of the rooms below."""
