"""Checks that a record can be asked about."""

from timesuite_jax.data.corpora import Record
from timesuite_jax.errors import UserError


def check_questions(record: Record) -> None:
    """Checks that a record has questions, which those of labelled videos lack.

    Raises:
      UserError: it has none.
    """
    if not record.turns:
        raise UserError(f"record {record.id} has no questions; leave its corpus out")
