"""MQSA-TED: sequential recommendation by multi-query self-attention and transition-aware embedding distillation."""
