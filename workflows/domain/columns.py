"""Column types that several tables of the domain share."""

from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, String
from sqlalchemy.orm import MappedColumn, mapped_column

from workflows.database import BigId

PathText = String(200).with_variant(String(200, collation="C"), "postgresql")
"""A path of ids; the C collation lets PostgreSQL use the index for a prefix."""


def word(kind: type[StrEnum], length: int = 24) -> Enum:
    """A column that holds one word of `kind`, stored as its value so that a reader of the table understands it."""
    return Enum(
        kind, native_enum=False, length=length, create_constraint=False, values_callable=lambda e: [m.value for m in e]
    )


def reference(target: str, *, nullable: bool = False, index: bool = True) -> MappedColumn[int]:
    """A foreign key to the integer key `target` ("unit.id")."""
    return mapped_column(BigId, ForeignKey(target), nullable=nullable, index=index)


def key_of(target: str) -> MappedColumn[int]:
    """A primary key that is the key of `target`: at most one row for each of its rows."""
    return mapped_column(BigId, ForeignKey(target), primary_key=True, autoincrement=False)
