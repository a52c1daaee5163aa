"""Citizen identity numbers (GB 11643): checksum, what they say of birth and sex, masking, and look-up digests.

The number itself is kept only encrypted; equality is asked of the digest, which is keyed so that the small space of
possible numbers cannot be tried through.
"""

import hashlib
import hmac
import random
import re
from datetime import date

from workflows.database import data_key
from workflows.errors import InvalidData

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_SHAPE = re.compile(r"\d{17}[\dX]")
_OTHER_SHAPE = re.compile(r"[0-9A-Z()\-]{5,24}")

UNASSIGNED_AREA = "99"
"""No province has this code in GB/T 2260, so a made-up number can belong to nobody."""


class IdentityNumberWrong(InvalidData):
    """The identity number cannot be right, or contradicts the birth date or sex beside it."""

    code = "identity_number.invalid"
    sentence = "身份证号码有误。"
    remedy = "请对照证件逐位核对。"
    rule = "公民身份号码为18位，末位为校验码，并与出生日期、性别一致"
    article = "GB 11643-1999"


def normal(number: str) -> str:
    """The number as it is compared: no blanks, capital X, half-width characters."""
    halves = "".join(chr(ord(sign) - 0xFEE0) if "！" <= sign <= "～" else sign for sign in number)
    return re.sub(r"\s", "", halves).upper()


def check_character(first_17: str) -> str:
    """The 18th character that GB 11643 demands after these 17 digits (ISO 7064, MOD 11-2)."""
    return _CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True)) % 11]


def verify(number: str, *, birth_date: date, sex: str, nationality: str = "CN") -> str:
    """The normal form of a number that agrees with `birth_date` and `sex`; raises IdentityNumberWrong by field.

    Only a Chinese citizen's number is a GB 11643 number; papers of others are checked for shape alone.
    """
    clean = normal(number)
    if nationality != "CN":
        if not _OTHER_SHAPE.fullmatch(clean):
            raise IdentityNumberWrong(fields={"id_number": "证件号码应为5至24位字母或数字"})
        return clean
    if not _SHAPE.fullmatch(clean):
        raise IdentityNumberWrong(fields={"id_number": "身份证号码应为18位：前17位是数字，末位是数字或X"})
    if check_character(clean[:17]) != clean[17]:
        raise IdentityNumberWrong(fields={"id_number": "校验码不符，身份证号码中至少有一位输错"})
    if clean[6:14] != f"{birth_date:%Y%m%d}":
        same = "出生日期与身份证号码第7至14位不一致"
        raise IdentityNumberWrong(fields={"birth_date": same, "id_number": same})
    if (int(clean[16]) % 2 == 1) != (sex == "male"):
        same = "性别与身份证号码第17位不一致（单数为男，双数为女）"
        raise IdentityNumberWrong(fields={"sex": same, "id_number": same})
    return clean


def told_by(number: str) -> tuple[str, date, str]:
    """The normal form of a citizen's number, and the birth date and sex it tells; raises IdentityNumberWrong."""
    clean, born, sex = normal(number), date.min, "male"
    if _SHAPE.fullmatch(clean):
        sex = "male" if int(clean[16]) % 2 == 1 else "female"
        try:
            born = date(int(clean[6:10]), int(clean[10:12]), int(clean[12:14]))
        except ValueError:
            raise IdentityNumberWrong(fields={"id_number": "身份证号码第7至14位不是日期"}) from None
    return verify(clean, birth_date=born, sex=sex), born, sex


def mask(number: str) -> str:
    """The number as it may be shown, as `workflows.engine.forms` keeps it: the last two characters.

    Two more would be the whole number to whoever knows the county and the day of birth.
    """
    return f"{'*' * (len(number) - 2)}{number[-2:]}"


def digest(number: str) -> str:
    """The keyed digest under which a number is looked up."""
    return hmac.new(data_key(), b"identity:" + normal(number).encode(), hashlib.sha256).hexdigest()


def made_up(birth_date: date, seed: int | str, sex: str = "male") -> str:
    """A number with a right checksum that nobody can have: for demo people and tests."""
    dice = random.Random(f"{seed}:{birth_date}:{sex}")
    order = dice.randrange(0, 499) * 2 + (1 if sex == "male" else 0)
    first_17 = f"{UNASSIGNED_AREA}{dice.randrange(10_000):04d}{birth_date:%Y%m%d}{order:03d}"
    return first_17 + check_character(first_17)
