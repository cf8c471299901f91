"""The stages of VideoChat-T."""
