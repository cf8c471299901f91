"""From a record to a batch of VideoChat-T: frames, clip texts, conversations, budgets."""
