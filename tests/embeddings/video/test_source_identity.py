import pytest

from timesuite_jax.embeddings.video.source_identity import PART, source_identity


@pytest.mark.parametrize("size", [0, 1, PART + 1, 3 * PART, 3 * PART + 1, 10 * PART])
def test_content_decides_and_not_the_name(tmp_path, size):
    one, two = tmp_path / "a.mp4", tmp_path / "b.mp4"
    content = bytearray(size)
    for path in (one, two):
        path.write_bytes(content)
    assert source_identity(one) == source_identity(two)
    places = {0, size // 2, size - 1} if size > 3 * PART else set(range(0, size, PART // 2))
    for place in sorted(places if size else ()):
        changed = bytearray(content)
        changed[place] ^= 1
        two.write_bytes(changed)
        assert source_identity(one) != source_identity(two), place
    two.write_bytes(content + b"\0")
    assert source_identity(one) != source_identity(two)
