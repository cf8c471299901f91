"""Action recognition with InternVideo2: full fine-tuning, attentive and linear probes."""
