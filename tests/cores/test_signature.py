"""A signature holds for one topic, one payload and one key, and stands in one place."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.examples import examples
from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message
from hotline_protocol.roster import Roster
from hotline_protocol.seal import without_seal
from hotline_protocol.signature import LENGTH, SignatureError, place, signed_bytes, take_off
from hotline_protocol.topics import TOPICS, address_of, decode, encode, signed_topic, topic_of
from hotline_services.runtime.ed25519 import sign_by, verify_by
from hotline_services.runtime.signing import BAD_SIGNATURE, Signer, Verifier

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 16) for name in ("us", "ru", "tr")}
SIGNERS = {name: Signer(key) for name, key in KEYS.items()}
VERIFIER = Verifier(Roster(keys={name: (SIGNERS[name].public,) for name in ("us", "ru")}))
ANSWER = Author("us", "e1").say(Answer, NOON, to="ru", call_id="c")
TOPIC = address_of(ANSWER)
PAYLOAD = SIGNERS["us"].encode(TOPIC, ANSWER)


def refused(topic: str, payload: bytes) -> str:
    problem = VERIFIER.problem(topic, payload)
    assert problem is not None
    assert (problem.code, problem.field) == (BAD_SIGNATURE, "signature")
    return problem.reason


SIGNED_EXAMPLES = [message for message in examples() if topic_of(message).signed]


@pytest.mark.parametrize("message", SIGNED_EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_signed_message_reads_as_the_same_message_and_is_believed(message: Message) -> None:
    address = address_of(message)
    key = Ed25519PrivateKey.generate()
    signer = Signer(key)
    payload = signer.encode(address, message)
    assert without_seal(decode(address, payload)) == message
    assert json.loads(payload).keys() - {"seal"} == json.loads(encode(message)).keys() | {"signature"}
    assert Verifier(Roster(keys={message.source: (signer.public,)})).problem(address, payload) is None


def test_what_is_signed_is_the_topic_a_line_break_and_the_unsigned_bytes() -> None:
    unsigned, signature = take_off(PAYLOAD)
    assert unsigned == encode(ANSWER)
    KEYS["us"].public_key().verify(signature, TOPIC.encode() + b"\n" + encode(ANSWER))
    assert len(PAYLOAD) == len(unsigned) - 1 + LENGTH


@given(st.integers(0, len(PAYLOAD) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(at: int, by: int) -> None:
    refused(TOPIC, PAYLOAD[:at] + bytes([PAYLOAD[at] ^ by]) + PAYLOAD[at + 1 :])


@given(st.integers(0, len(PAYLOAD) - 1), st.binary(min_size=1, max_size=8))
def test_any_byte_more_or_less_is_refused(at: int, more: bytes) -> None:
    refused(TOPIC, PAYLOAD[:at] + PAYLOAD[at + 1 :])
    refused(TOPIC, PAYLOAD[:at] + more + PAYLOAD[at:])


@given(st.integers(0, len(TOPIC) - 1), st.characters(codec="ascii", exclude_characters="/+#"))
def test_on_any_other_signed_topic_it_is_refused(at: int, other: str) -> None:
    topic = TOPIC[:at] + other + TOPIC[at + 1 :]
    if topic != TOPIC and signed_topic(topic):
        refused(topic, PAYLOAD)


def test_the_key_of_another_is_refused() -> None:
    assert "us has not signed this" in refused(TOPIC, SIGNERS["ru"].encode(TOPIC, ANSWER))
    assert "us has not signed this" in refused(TOPIC, SIGNERS["tr"].encode(TOPIC, ANSWER))


def test_a_source_that_the_roster_does_not_name_is_refused() -> None:
    message = Author("tr", "e1").say(Answer, NOON, to="ru", call_id="c")
    payload = SIGNERS["tr"].encode(address_of(message), message)
    assert "no key of 'tr'" in refused(address_of(message), payload)


def test_a_missing_signature_is_refused() -> None:
    assert "does not end with a signature" in refused(TOPIC, encode(ANSWER))
    assert "does not end with a signature" in refused(TOPIC, b"")


@pytest.mark.parametrize("around", [b"%b ", b"%b\n", b"%b\r\n", b" %b", b"\n%b", b"\xef\xbb\xbf%b", b"%b\0"])
def test_blanks_line_breaks_and_marks_around_it_are_refused(around: bytes) -> None:
    refused(TOPIC, around % PAYLOAD)
    with pytest.raises(SignatureError, match="without anything around it"):
        SIGNERS["us"].sign(TOPIC, around % encode(ANSWER))


def test_a_signature_of_another_spelling_is_refused() -> None:
    unsigned, signature = take_off(PAYLOAD)
    text = base64.urlsafe_b64encode(signature).rstrip(b"=")
    loose = text[:-1] + bytes([text[-1] + 1])  # the bits that are left over: most decoders ignore them
    standard = base64.b64encode(signature).rstrip(b"=")
    for spelling in (loose, text + b"==", b"=" + text[1:], standard if standard != text else loose, text[:-1]):
        refused(TOPIC, unsigned[:-1] + b',"signature":"' + spelling + b'"}')
    refused(TOPIC, unsigned[:-1] + b', "signature":"' + text + b'"}')
    refused(TOPIC, unsigned[:-1] + b',"signature" :"' + text + b'"}')


def test_a_field_of_that_name_anywhere_else_is_a_field_like_any_other() -> None:
    """It is covered, and the last one counts."""
    own = b'{"signature":"x","note":",\\"signature\\":\\"y\\"}","type":"answer"}'
    payload = SIGNERS["us"].sign(TOPIC, own)
    assert take_off(payload).unsigned == own
    assert VERIFIER.problem(TOPIC, payload) is None
    refused(TOPIC, payload.replace(b'"x"', b'"z"'))


def test_a_signature_inside_of_a_nested_object_is_none() -> None:
    _, signature = take_off(PAYLOAD)
    nested = place(b'{"a":1}', signature)
    assert "does not end with a signature" in refused(TOPIC, b'{"entry":' + nested + b"}")


def test_nothing_is_signed_twice() -> None:
    with pytest.raises(SignatureError, match="signed already"):
        SIGNERS["us"].sign(TOPIC, PAYLOAD)
    signature = KEYS["us"].sign(signed_bytes(TOPIC, PAYLOAD))
    by_hand = PAYLOAD[:-1] + place(b'{"a":1}', signature)[6:]
    assert "signed already" in refused(TOPIC, by_hand)


@pytest.mark.parametrize("bytes_", [b"", b"{}", b"[1]", b"null", b"{", b"}"])
def test_only_an_object_with_fields_can_be_signed(bytes_: bytes) -> None:
    with pytest.raises(SignatureError):
        SIGNERS["us"].sign(TOPIC, bytes_)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), min_size=1), st.text(), st.binary(min_size=1))
@settings(max_examples=200)
def test_signing_and_taking_off_gives_back_the_same_bytes(fields: dict[str, object], party: str, seed: bytes) -> None:
    unsigned = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    topic = f"hotline/v1/line/{party}/x"
    signer = Signer(Ed25519PrivateKey.from_private_bytes((seed * 32)[:32]))
    payload = signer.sign(topic, unsigned)
    assert take_off(payload).unsigned == unsigned
    assert {**json.loads(payload), "signature": None} == {**fields, "signature": None}


@given(st.binary(max_size=300))
def test_no_payload_makes_the_check_raise(payload: bytes) -> None:
    for topic in (TOPIC, "hotline/v1/clock", "hotline/v1/line", "hotline/v1/line/", "hotline"):
        VERIFIER.problem(topic, payload)
        VERIFIER.problem(topic, payload + PAYLOAD[-LENGTH:])


def test_a_name_may_have_several_keys() -> None:
    both = Verifier(Roster(keys={"us": (SIGNERS["tr"].public, SIGNERS["us"].public)}))
    for name in ("us", "tr"):
        assert both.problem(TOPIC, SIGNERS[name].encode(TOPIC, ANSWER)) is None
    assert both.problem(TOPIC, SIGNERS["ru"].encode(TOPIC, ANSWER)) is not None


def test_what_is_sent_again_bears_the_same_signature() -> None:
    assert SIGNERS["us"].encode(TOPIC, ANSWER) is PAYLOAD


def test_signed_topics_are_told_by_their_kind() -> None:
    for message in examples():
        topic = topic_of(message)
        assert signed_topic(address_of(message)) is (topic if topic.signed else None)
        if topic.signed and "{source}" in topic.template:
            assert topic.source_in(address_of(message)) == message.source
    kinds = [topic.template.split("/")[2] for topic in TOPICS if topic.signed]
    assert len(kinds) == len(set(kinds))


def test_a_signed_order_without_an_id_is_refused_since_it_could_be_given_again() -> None:
    topic = "hotline/v1/order/us/ru"
    assert "wants an id" in refused(topic, SIGNERS["us"].sign(topic, b'{"plan_id":"P1"}'))
    assert VERIFIER.problem(topic, SIGNERS["us"].sign(topic, b'{"plan_id":"P1","id":"o1"}')) is None


def test_what_libsodium_signs_and_checks_is_what_openssl_signs_and_checks() -> None:
    signature, verify = sign_by(KEYS["us"])(b"signed"), verify_by(SIGNERS["us"].public)
    assert signature == KEYS["us"].sign(b"signed")
    assert verify(signature, b"signed")
    assert not verify(signature, b"other")
    assert not verify(bytes(64), b"signed")
    assert not verify_by(SIGNERS["ru"].public)(signature, b"signed")
