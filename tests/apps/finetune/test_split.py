"""The split of videos into those to train on and those held out."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from timesuite_jax.apps.finetune.split import split_videos
from timesuite_jax.errors import UserError

digests = st.dictionaries(st.text(min_size=1, max_size=4), st.sampled_from("abcdefghijklmnop"), min_size=2, max_size=30)
shares = st.floats(0, 1, exclude_max=True)


@given(digests, shares, st.integers(0, 5), st.randoms())
def test_no_video_is_in_both_parts(videos, share, seed, random):
    assume(len(set(videos.values())) > 1)
    split = split_videos(videos, share, seed=seed)
    assert sorted(split.train + split.held_out) == sorted(videos)
    assert not {videos[name] for name in split.train} & {videos[name] for name in split.held_out}
    assert split.train and bool(split.held_out) == (share > 0)
    items = list(videos.items())
    random.shuffle(items)
    assert split_videos(dict(items), share, seed=seed) == split


@given(st.sets(st.text(min_size=1, max_size=5), min_size=2, max_size=40), shares.filter(bool))
def test_share_of_distinct_videos(names, share):
    held_out = split_videos({name: name for name in names}, share, seed=0).held_out
    assert len(held_out) == min(max(1, round(share * len(names))), len(names) - 1)


@given(st.sets(st.text(min_size=1, max_size=5), min_size=4, max_size=40), st.text(min_size=1, max_size=5))
def test_another_video_changes_at_most_one_place(names, added):
    assume(added not in names)
    before = set(split_videos({name: name for name in names}, 0.5, seed=1).held_out)
    after = set(split_videos({name: name for name in (*names, added)}, 0.5, seed=1).held_out)
    assert len(before - after) <= 1 and len(after - before) <= 1


def test_the_seed_chooses_other_videos():
    names = {f"{number}.mp4": str(number) for number in range(50)}
    assert len({split_videos(names, 0.2, seed=seed).held_out for seed in range(5)}) == 5


def test_copies_of_one_video_cannot_be_split():
    with pytest.raises(UserError, match=r"a single video, a\.mp4, cannot be split.*--held-out 0"):
        split_videos({"a.mp4": "x", "b.mp4": "x"}, 0.1, seed=0)
    assert split_videos({"a.mp4": "x"}, 0, seed=0) == (("a.mp4",), ())
