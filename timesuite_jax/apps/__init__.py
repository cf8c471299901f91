"""Applications: end-to-end pipelines built from the packages below."""
