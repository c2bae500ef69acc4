"""Texts that a layer could read or write in a way of its own."""

from __future__ import annotations

TITLES = {
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "before an emoji by UTF-16 only": "\uffee \ufb01",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1eb\U0001f1ee",
    "the last of the code points": "\U0010ffff" * 300,
    "private use and noncharacters": "\ue000 \uffff \ufdd0",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0633\u0644\u0645 \u202babc\u202c",
    "stacked marks": "Z\u0351\u036b\u0343a\u0328\u0322l\u030d\u030b",
    "controls": "a\x01b\x1bc\x7fd\u0080e",
    "byte order marks": "\ufeffabc\ufeff",
    "white space inside": "a  b\u00a0c\td\r\ne\u2028f",
    "zero width at the end": "a\u200b",
    "lower case": "a",
    "upper case": "A",
    "accented": "\u00e1",
    "sharp s": "Stra\u00dfe STRASSE \u1e9e",
    "Turkish": "\u0130stanbul \u0131\u015f\u0131k",
    "compatibility forms": "\ufb01ne \uff43afe \u2126 \u00c5 \u212b \ufdfa",
    "wildcards": "100% _ \\ [a-z]* ?",
    "escaped wildcards": "\\% \\_ \\\\",
    "quotes": "Robert'); DROP TABLE books;-- \" ` \\' ''",
    "placeholders": "%s %(title)s %% ? ?1 $1 :title :1 {0} {title} @x",
    "JSON": '{"a": [1, null]}',
    "a number": "007",
    "an exponent": "1e5",
    "a null": "NULL",
    "a truth": "true",
    "a time": "2024-01-01T00:00:00Z",
    "markup and escapes": "<b>&amp;</b> \\u0041 \\n \\0",
}
NAMES = {
    "Cyrillic": "\u0402",
    "apostrophe": "Flann O'Brien",
    "comma and quotes": 'Doe, John "Jr."',
    "astral": "\U00020000\U0001d518\U0010ffff",
    "long": "\u0390" * 200,
    "wildcards": "% _ \\",
}
TAGS = [
    ["\u00c4\u00d6", "a b", '"quoted",'],
    ["\u00df", "ss ", " SS", "s"],
    ["\u0130", "i", "I", "\u0131"],
    ["\U0001f600", "\uffee", "z", "\u00e9", "e\u0301", "\uff5a"],
    ["x,y", "{a,b}", "[1]", "%", "_", "\\", "'", '"', "NULL", "null", "a;b", "a|b"],
    [f"{number}" for number in range(20)],
    ["\u03a3\u03c2", "\u03c3\u03c3", "\ufb03", "ffi"],
    ["\U0010ffff" * 50, "x" * 50],
]


def folded(tags: list[str]) -> list[str]:
    """How tags come back; on purpose not by the code under test."""
    return sorted({tag.casefold().strip() for tag in tags})
