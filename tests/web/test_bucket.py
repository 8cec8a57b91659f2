"""How often something may be done."""

from hypothesis import given
from hypothesis import strategies as st

from federation.web.bucket import Bucket


def test_a_clock_that_is_set_back_empties_no_bucket():
    bucket = Bucket(burst=2, refill_s=10)
    assert bucket.take("a", 10_000)
    assert bucket.take("a", 2_000)
    assert not bucket.take("a", 2_000)
    assert bucket.take("a", 2_010)


@given(st.lists(st.floats(0, 5), max_size=40))
def test_no_more_events_than_the_burst_and_what_time_refills(gaps):
    bucket, now, taken = Bucket(burst=3, refill_s=2.0), 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take("one", now)
    assert taken <= 3 + now / 2.0


def test_one_key_uses_up_nothing_of_anothers():
    bucket = Bucket(burst=1, refill_s=60)
    assert bucket.take("one", 0)
    assert not bucket.take("one", 1)
    assert bucket.take("other", 1)


def test_a_bucket_forgets_the_oldest_key_instead_of_growing():
    bucket = Bucket(burst=1, refill_s=1e9, max_keys=2)
    assert all(bucket.take(key, 0) for key in ("a", "b", "c"))
    assert bucket.take("a", 0)
    assert not bucket.take("c", 0)


@given(st.lists(st.floats(0, 9), max_size=20), st.floats(0.1, 9))
def test_what_is_told_to_wait_is_enough_and_no_second_more(gaps, refill_s):
    bucket, now = Bucket(burst=2, refill_s=refill_s), 0.0
    for gap in gaps:
        now += gap
        wait_s = bucket.wait_s("one", now)
        assert (wait_s == 0) is (bucket._level("one", now) >= 1)
        assert bucket._level("one", now + wait_s) >= 1 - 1e-9
        assert wait_s < refill_s + 1
        bucket.take("one", now)
    assert bucket.wait_s("nobody", now) == 0
