"""Times are exact: nanoseconds, decimal fractions, dates with and without time zones."""

import datetime
from decimal import Decimal

import numpy as np
import pyarrow
import pytest

from timesuite_jax.data.interactions.row_error import RowError
from timesuite_jax.data.interactions.times import Times, join_times, parse_times

NOW = 1_700_000_000_000_000_000  # nanoseconds


def instants(number: int) -> list[datetime.datetime]:
    rng = np.random.default_rng(0)
    start = datetime.datetime(1678, 1, 1, tzinfo=datetime.UTC)
    return [start + datetime.timedelta(microseconds=int(n)) for n in rng.integers(0, 580 * 365 * 86400 * 10**6, number)]


def nanoseconds(instant: datetime.datetime) -> int:
    elapsed = instant - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (elapsed.days * 86400 + elapsed.seconds) * 10**9 + elapsed.microseconds * 1000


ZONES = [
    datetime.timezone(datetime.timedelta(hours=hours, minutes=minutes)) for hours, minutes in ((5, 30), (-8, 0), (0, 0))
]
FORMS = {
    "naive": lambda t: t.replace(tzinfo=None).isoformat(),
    "space": lambda t: t.replace(tzinfo=None).isoformat(" "),
    "comma": lambda t: t.replace(tzinfo=None).isoformat().replace(".", ","),
    "utc": lambda t: t.replace(tzinfo=None).isoformat() + "Z",
    "utc name": lambda t: t.replace(tzinfo=None).isoformat(" ") + " UTC",
    "offset": lambda t: t.astimezone(ZONES[t.microsecond % 3]).isoformat(),
    "compact offset": lambda t: t.astimezone(ZONES[t.microsecond % 3]).strftime("%Y-%m-%d %H:%M:%S.%f%z"),
    "white space": lambda t: f" {t.replace(tzinfo=None).isoformat()} ",
}


@pytest.mark.parametrize("form", FORMS)
def test_dates_are_read(form):
    times = instants(200)
    found = parse_times(pyarrow.array([FORMS[form](t) for t in times]))
    assert found.dates and found.values.tolist() == [nanoseconds(t) for t in times]


def test_dates_of_mixed_forms_and_zones_are_comparable():
    times = instants(80)
    texts = [list(FORMS.values())[n % len(FORMS)](t) for n, t in enumerate(times)]
    assert parse_times(pyarrow.array(texts)).values.tolist() == [nanoseconds(t) for t in times]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2014-07-01", 1404172800 * 10**9), ("2014-07-01T12:30", 1404217800 * 10**9),
     ("2014-07-01 12:30:05+02", 1404210605 * 10**9), ("2023-11-14T22:13:20.000000001Z", NOW + 1)],
)  # fmt: skip
def test_short_and_long_dates_are_read(text, expected):
    assert parse_times(pyarrow.array([text])).values.tolist() == [expected]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_timestamps_of_arrow_are_exact(unit, zone):
    values = np.array([3, 1, 2, 2**62], np.int64)
    found = parse_times(pyarrow.array(values).cast(pyarrow.timestamp(unit)).cast(pyarrow.timestamp(unit, zone)))
    assert found.dates and found.values.tolist() == values.tolist()


@pytest.mark.parametrize("kind", [pyarrow.date32(), pyarrow.date64()])
def test_days_of_arrow_are_read(kind):
    days = [datetime.date(2014, 7, 2), datetime.date(2014, 7, 1), datetime.date(1, 1, 1)]
    values = parse_times(pyarrow.array(days, kind)).values
    assert values[0] - values[1] == 86400 * 1000 and values[2] < values[1]


@pytest.mark.parametrize("number", [str, int, Decimal], ids=["text", "int", "decimal"])
def test_whole_numbers_are_exact(number):
    values = [NOW + 2, NOW, NOW + 1]
    assert parse_times(pyarrow.array([number(value) for value in values])).values.tolist() == values


@pytest.mark.parametrize("number", [str, Decimal])
def test_decimal_fractions_are_exact(number):
    texts = ["1700000000.000000002", "1700000000.000000000", "1700000000.000000001", "1699999999.9"]
    found = parse_times(pyarrow.array([number(text) for text in texts]))
    assert np.argsort(found.values).tolist() == [3, 1, 2, 0] and len(set(found.values.tolist())) == 4


@pytest.mark.parametrize("number", [str, Decimal])
def test_fractions_of_more_than_nine_digits_are_rounded_to_nine(number):
    texts = ["1700000000.0000000014", "1700000000.00000000251234567", "-1700000000.0000000016", "1700000001"]
    found = parse_times(pyarrow.array([number(text) for text in texts]))
    assert (found.values.tolist(), found.scale) == ([NOW + 1, NOW + 3, -NOW - 2, NOW + 10**9], 10**9)


@pytest.mark.parametrize("texts", [["0.5", "1", "-2.25"], ["1e3", "2.5e3"], ["1e300", "2"], [".5", "1."]])
def test_other_numbers_are_floats(texts):
    np.testing.assert_array_equal(parse_times(pyarrow.array(texts)).values, [float(text) for text in texts])


def test_batches_of_whole_numbers_and_fractions_are_joined_exactly():
    parts = [parse_times(pyarrow.array([text])) for text in ("1700000000", "1700000000.000000001", "1700000001")]
    joined = join_times(parts)
    assert joined.dtype == np.int64 and np.diff(joined).tolist() == [1, 10**9 - 1]
    floats = join_times([*parts, parse_times(pyarrow.array(["1e300"]))])
    np.testing.assert_array_equal(floats, [1.7e9, 1.7e9, 1.700000001e9, 1e300])


@pytest.mark.parametrize(
    ("column", "row", "message"),
    [
        (["1", "noon"], 1, "time 'noon' is not a number or a date; give numbers that increase"),
        (["1", "nan"], 1, "time 'nan' is not a number"),
        (["1", "-inf"], 1, "time '-inf' is not a number"),
        (["1", "1_000"], 1, "time '1_000' is not a number"),
        (["0x10"], 0, "time '0x10' is not a number"),
        (["1", "2014-07-01"], 1, "time '2014-07-01' follows a time that is a number; give one kind of time"),
        (["2014-07-01", "2"], 1, "time '2' follows a time that is a date"),
        (["2014-07-01", "2014-02-30"], 1, "time '2014-02-30' is not a number or a date"),
        (["9999-12-31"], 0, r"\(1678 to 2261\)"),
        ([1.0, float("nan")], 1, "time nan is not a number"),
        ([1, None], 1, "time is empty"),
        ([""], 0, "time '' is not a number"),
        ([True], 0, "time True has the type bool"),
        ([datetime.time(12)], 0, "has the type time64"),
    ],
)  # fmt: skip
def test_other_times_are_rejected(column, row, message):
    with pytest.raises(RowError, match=message) as caught:
        parse_times(pyarrow.array(column))
    assert caught.value.row == row


def test_dates_and_numbers_in_different_batches_are_rejected():
    with pytest.raises(RowError, match="follows a time that is a number") as caught:
        join_times([Times(np.arange(3)), Times(np.arange(2), dates=True)])
    assert caught.value.row == 3
