"""Flags of XLA:CPU with which programs compile in a third of the time; importable before jax is."""

from importlib.metadata import version

# Each test runs its programs once or a few times, so that most of its time is spent on compiling. One module of LLVM
# for each program saves splitting it for threads that the workers of the tests do not have.
QUICK_COMPILATION = "--xla_cpu_opt_preset=FAST_COMPILE --xla_cpu_parallel_codegen_split_count=1"
# The emitters of fusions that are built on MLIR take most of the time of compiling gradients. Later versions have no
# others, and end the process at a flag that they do not know.
if version("jaxlib").startswith("0.10."):
    QUICK_COMPILATION += " --xla_cpu_use_fusion_emitters=false"
