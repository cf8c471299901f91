"""Settings of XLA:CPU for tests: short compilation, and simulated devices without deadlocks; importable before jax."""

from importlib.metadata import version

# Each test runs its programs once or a few times, so that most of its time is spent on compiling. One module of LLVM
# for each program saves splitting it for threads that the workers of the tests do not have.
QUICK_COMPILATION = "--xla_cpu_opt_preset=FAST_COMPILE --xla_cpu_parallel_codegen_split_count=1"
# The emitters of fusions that are built on MLIR take most of the time of compiling gradients. Later versions have no
# others, and end the process at a flag that they do not know.
if version("jaxlib").startswith("0.10."):
    QUICK_COMPILATION += " --xla_cpu_use_fusion_emitters=false"

# A collective blocks its thread until all devices have joined, and a device may run two at once, one in the body of a
# loop and one outside of it. By default the pool has a thread for each simulated device: with all of them blocked in
# different collectives the devices wait for each other, and after a minute XLA aborts the process. XLA:CPU reads the
# size of its thread pools from the environment variable NPROC.
THREADS = "32"  # four for each of eight devices
