"""How values stand in Redis."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.codec import Codec, canonical, make_key, read_key
from bridge.errors import ConfigurationError, Unreadable

quick = settings(max_examples=50, deadline=None)

OLD = base64.b64encode(bytes(range(32))).decode()
NEW = base64.b64encode(bytes(range(32, 64))).decode()  # fixed: xdist wants the same test names everywhere
PLACE = "person:5f3a"
PLANTED = "planted.value@example.com"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("keys", [[], [NEW], [NEW, OLD]], ids=["plain", "sealed", "rotated"])
@quick
@given(value=json_values, place=st.text())
def test_what_is_sealed_opens(keys: list[str], value: Any, place: str) -> None:
    """Any JSON value comes back as it was, at the same place, through another codec with the same keys."""
    opened = Codec(keys).open(Codec(keys).seal(value, place), place)
    assert canonical(opened) == canonical(value)


def test_old_key_opens_what_it_sealed() -> None:
    """After a rotation the old key opens old values, and the new one seals new ones."""
    rotated = Codec([NEW, OLD])
    assert rotated.open(Codec([OLD]).seal("old", PLACE), PLACE) == "old"
    assert Codec([NEW]).open(rotated.seal("new", PLACE), PLACE) == "new"


def test_plain_values_are_believed_only_where_that_is_asked_for() -> None:
    """A key is set == what anybody could have written is refused, except by `rekey`, which says so."""
    blob = Codec().seal("plain", PLACE)
    with pytest.raises(Unreadable, match=r"person:5f3a is not encrypted.*kenjo-bridge rekey"):
        Codec([NEW]).open(blob, PLACE)
    assert Codec([NEW]).open(blob, PLACE, plain=True) == "plain"


@pytest.mark.parametrize("keys", [[], [NEW]], ids=["no key", "other key"])
def test_unknown_key_is_named(keys: list[str]) -> None:
    """A value whose key is not configured says which setting it needs."""
    with pytest.raises(ConfigurationError, match=r"key [0-9a-f]{8}, which is not configured.*old_keys"):
        Codec(keys).open(Codec([OLD]).seal(1, PLACE), PLACE)


def test_value_does_not_open_elsewhere() -> None:
    """A value that was moved to another record's place is refused."""
    with pytest.raises(ConfigurationError, match="person:other was changed outside the bridge"):
        Codec([NEW]).open(Codec([NEW]).seal(1, PLACE), "person:other")


@pytest.mark.parametrize("flip", [0x01, 0x80])
def test_no_byte_can_be_changed(flip: int) -> None:
    """A sealed value with any byte of its key's id, nonce, text or tag changed is refused."""
    codec = Codec([NEW])
    blob = codec.seal({"email": PLANTED}, PLACE)
    for index in range(1, len(blob)):
        changed = blob[:index] + bytes([blob[index] ^ flip]) + blob[index + 1 :]
        with pytest.raises(ConfigurationError):
            codec.open(changed, PLACE)


@pytest.mark.parametrize("keys", [[], [NEW]], ids=["plain", "sealed"])
def test_cut_value_is_refused(keys: list[str]) -> None:
    """A value that lost bytes at its end, down to nothing, is a ConfigurationError and nothing else."""
    codec = Codec(keys)
    blob = codec.seal({"email": PLANTED}, PLACE)
    for length in range(len(blob)):
        with pytest.raises(ConfigurationError):
            codec.open(blob[:length], PLACE)


def test_sealed_bytes_do_not_show_the_value() -> None:
    """With a key neither a value nor a field's name can be read; without one both can."""
    sealed = Codec([NEW]).seal({"email": PLANTED}, PLACE)
    assert PLANTED.encode() not in sealed
    assert b"email" not in sealed
    assert PLANTED.encode() in Codec().seal({"email": PLANTED}, PLACE)


def test_equal_values_look_different() -> None:
    """Each sealing has a nonce of its own, so that equal values cannot be told by their bytes."""
    codec = Codec([NEW])
    assert len({codec.seal("same", PLACE) for _ in range(100)}) == 100


def test_codec_says_whether_it_seals() -> None:
    """Only a codec with a key encrypts."""
    assert (Codec().seals, Codec([NEW]).seals) == (False, True)


@quick
@given(st.dictionaries(st.text(), json_values, max_size=5), st.randoms())
def test_order_of_names_does_not_matter(value: dict[str, Any], random: Any) -> None:
    """Equal JSON has one fingerprint, in whatever order its names came."""
    names = list(value)
    random.shuffle(names)
    shuffled = {name: value[name] for name in names}
    assert Codec([NEW]).digest({"in": shuffled}) == Codec([NEW]).digest({"in": value})


@quick
@given(json_values)
def test_other_values_have_other_fingerprints(value: Any) -> None:
    """A value, the same in lists, under names, or as a text == as many fingerprints."""
    lists = [[value], [value, value], [value, [value]]]
    others = [*lists, {"in": value}, {"on": value}, {"in": [value]}, json.dumps(value)]
    assert len({Codec([NEW]).digest(one) for one in (value, *others)}) == 1 + len(others)


def test_true_is_not_one() -> None:
    """Values that Python calls equal but JSON does not have fingerprints of their own."""
    codec = Codec()
    assert len({codec.digest(value) for value in (True, 1, 1.0, "1", [1], None)}) == 6


def test_fingerprints_are_keyed() -> None:
    """Without the pepper nobody can compare a fingerprint with that of a guess; no key changes it."""
    digests = [Codec([], pepper).digest(PLANTED) for pepper in (b"", bytes(32), b"p" * 32)]
    assert len(set(digests)) == 3
    assert all(len(digest) == 32 and int(digest, 16) for digest in digests)
    for keys in ([OLD], [NEW, OLD]):
        assert Codec(keys, b"p" * 32).digest(PLANTED) == digests[2]


def test_values_of_an_earlier_key_are_not_current() -> None:
    """What would be written in another way now can be told: plain, sealed with the current key, or before."""
    blobs = [Codec(keys).seal(PLANTED, PLACE) for keys in ([], [OLD], [NEW])]
    assert [Codec().is_current(blob) for blob in blobs] == [True, False, False]
    assert [Codec([NEW, OLD]).is_current(blob) for blob in blobs] == [False, False, True]


def test_made_keys_are_random_and_usable() -> None:
    """A made key is 32 bytes in base64, each time others, and reads with white space around it."""
    keys = {make_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(read_key(f" {key}\n")) for key in keys} == {32}


@pytest.mark.parametrize(
    "bad",
    [
        "",
        " ",
        "secret",
        NEW[:-4],
        NEW[:-1],
        "ß" * 44,
        "\ud800",
        NEW[:20] + "\n" + NEW[20:],
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(33)).decode(),
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        bytes(32).hex(),
    ],
)
def test_bad_key_is_refused_without_being_shown(bad: str) -> None:
    """Anything but 32 bytes in base64 is an error that tells how to make a key and not what was given."""
    with pytest.raises(ConfigurationError, match="openssl rand -base64 32") as caught:
        Codec([NEW, bad])
    assert not bad.strip() or bad not in str(caught.value)
