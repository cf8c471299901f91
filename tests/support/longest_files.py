"""Files of tests that take longest, longest first: whatever worker is free begins with them.

A long file that comes last has a worker of its own, while the other has nothing left to do.
"""

LONGEST_FILES = (
    "tests/apps/finetune/test_pipeline.py",
    "tests/videochat_t/model/test_videochat_t.py",
    "tests/models/text/test_qformer.py",
    "tests/parity/mqsa_ted/test_model_and_losses.py",
    "tests/parity/videochat_t/test_whole_model.py",
    "tests/apps/quickstart/test_pipelines.py",
    "tests/registry/test_moved_run.py",
    "tests/faults/test_many_processes.py",
    "tests/mqsa_ted/test_task.py",
    "tests/port/test_export_command.py",
    "tests/cli/test_recommend.py",
    "tests/cli/test_model_args.py",
    "tests/internvideo2/reconstruction/test_training.py",
    "tests/cli/test_ask.py",
    "tests/models/text/test_mistral.py",
    "tests/layers/test_attention.py",
    "tests/videochat_t/test_task.py",
    "tests/training/test_step.py",
    "tests/registry/test_cold_start.py",
    "tests/benchmarks/test_same_model.py",
    "tests/cli/test_train.py",
    "tests/parity/mqsa_ted/test_training.py",
    "tests/mqsa_ted/model/test_mqsa.py",
    "tests/cli/test_compile_cache.py",
)
