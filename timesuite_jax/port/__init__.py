"""PyTorch checkpoints to parameter trees and back: one bijective table a model, readers that run no code."""
