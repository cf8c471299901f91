"""Setup of every test: eight simulated devices, strict numerics, shape checks, and the folder of golden numbers."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.support.xla_flags import QUICK_COMPILATION, THREADS

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Tests compile much and compute little: optimising programs that run once would take half of their time.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ["NPROC"] = THREADS
os.environ["XLA_FLAGS"] = (
    f"{os.environ.get('XLA_FLAGS', '')} {QUICK_COMPILATION} --xla_force_host_platform_device_count=8"
)
# All workers, and all processes that tests start, compile the same small programs: one of them does it for all. A
# folder that is set in the environment is kept, which makes the next run faster.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="compiled-")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")

import hypothesis
import jax
import pytest

from tests.support.longest_files import LONGEST_FILES
from tests.support.made_once import made_once
from tests.support.paths import TINY_CONFIG
from tests.support.shape_checks import install_shape_checks

# Every call of the package checks its arrays against their annotations; installed before the package is imported.
install_shape_checks("timesuite_jax")

hypothesis.settings.register_profile("any machine", deadline=None)  # a busy one, too
hypothesis.settings.load_profile("any machine")
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_default_matmul_precision", "highest")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--goldens",
        type=Path,
        default=Path(__file__).parent / "goldens",
        help="folder with one folder a family (videochat_t/, ...) of numbers dumped from the original implementation",
    )
    parser.addoption(
        "--annotations",
        type=Path,
        default=None,
        help="folder with the published annotation files of TimePro's sources, in the layout of the TimeIT release",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses folders that are not there: all that they should have would be absent, and every test skipped."""
    folder = config.getoption("--goldens")
    if not folder.is_dir():
        raise pytest.UsageError(
            f"--goldens {folder} is not a folder; give one that contains videochat_t/, mqsa_ted/, ..."
        )
    annotations = config.getoption("--annotations")
    if annotations is not None and not annotations.is_dir():
        raise pytest.UsageError(f"--annotations {annotations} is not a folder; give that of the TimeIT release")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first; the others keep their order."""
    places = {name: place for place, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::")[0], len(places)))


@pytest.fixture(scope="session")
def goldens(request: pytest.FixtureRequest) -> Path:
    """The folder of golden numbers given on the command line."""
    return request.config.getoption("--goldens")


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve synthetic videos as a corpus, with the tokenizer in its folder; read-only."""
    from timesuite_jax.data.synthetic import SyntheticCorpusSpec, make_corpus, make_tokenizer

    def make(folder: Path) -> None:
        spec = SyntheticCorpusSpec("videos", 12, conversations=(("grounding", "grounding", "order"),), shards=2)
        make_corpus(folder, spec, seed=0, quiet=True)
        make_tokenizer(folder, spec.appearance)

    return made_once(tmp_path_factory, "videos", make)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_corpus: Path) -> Path:
    """The work folder of two training steps of tests/support/tiny_config.py, by the command line; read-only."""
    from tests.support.one_device import train_on_one_device
    from timesuite_jax.cli.main import main

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            train_on_one_device(monkeypatch)
            assert main(["train", f"{TINY_CONFIG}:{tiny_corpus}", "--workdir", str(folder)]) == 0

    return made_once(tmp_path_factory, "tiny", make)
