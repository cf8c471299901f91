"""MQSA, the recommender's network."""
