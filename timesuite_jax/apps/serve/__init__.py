"""`timesuite serve`: a model behind an HTTP endpoint with OpenAI's chat completions."""
