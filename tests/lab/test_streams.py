import hashlib

import numpy as np
import pytest

from annlab.errors import UsageError
from annlab.lab import Streams
from annlab.lab.streams import STREAMS


def test_a_stream_is_seeded_by_the_digest_of_study_stream_and_replicate():
    digest = hashlib.sha256(b"toy\0noise\x003").digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4)]
    expected = np.random.default_rng(np.random.SeedSequence(7, spawn_key=words)).normal(size=5)
    np.testing.assert_array_equal(Streams(7, "toy", 3)("noise").normal(size=5), expected)


def test_every_call_starts_anew_and_drawing_from_one_changes_no_other():
    streams = Streams(0, "toy")
    first = streams("init").random(4)
    streams("measure").random(1000)
    streams.child("init", "again").random(1000)
    np.testing.assert_array_equal(streams("init").random(4), first)


def test_streams_differ_by_name_label_replicate_study_and_root():
    seeds = [Streams(0, "toy").seed(name) for name in STREAMS]
    seeds += [Streams(0, "toy").seed("noise", label) for label in ("", "a", "b")]
    seeds += [Streams(0, "toy").of(replicate).seed("noise") for replicate in range(1, 50)]
    seeds += [Streams(0, "toys").seed("noise"), Streams(1, "toy").seed("noise")]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_generators_of_torch_come_from_the_same_seed():
    torch = pytest.importorskip("torch")
    streams = Streams(0, "toy", 2)
    expected = torch.Generator().manual_seed(streams.seed("dropout"))
    assert torch.equal(torch.rand(5, generator=streams.torch("dropout")), torch.rand(5, generator=expected))
    assert not torch.equal(torch.rand(5, generator=streams.torch("dropout")), torch.rand(5, generator=streams.torch("dropout", "x")))


def test_an_unknown_stream_gets_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'noise'"):
        Streams(0, "toy")("nose")
