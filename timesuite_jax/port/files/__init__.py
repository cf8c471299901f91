"""Readers and writers of checkpoint files: safetensors, .pth, Hugging Face and Orbax folders. No code in them is run.

They know tensors and parameter paths, no model: nothing here imports from `port` outside this package.
"""
