"""The pinned pattern list, by class. Changing it makes figures incomparable.

A class names the column its patterns search, and through it the index that answers them. The
classes of PINNED make the overall mean; those of ALSO are reported beside them.
"""


class PatternClass:
    def __init__(self, name, column, patterns, operator="ILIKE"):
        self.name = name
        self.column = column
        self.operator = operator
        self.patterns = patterns

    def conditions(self):
        """(label, condition) of each pattern; a two-column class spells its conditions out."""
        if self.column == "two":
            return [(condition.replace(" ILIKE", ""), condition) for condition in self.patterns]
        return [(p, f"{self.column} {self.operator} '{p}'") for p in self.patterns]

    def lowered(self):
        """The same questions as asked of a btree on lower(column); None where it cannot answer."""
        if self.operator != "ILIKE" or self.column == "two":
            return None
        if any(p[0] in "%_" or "_" in p for p in self.patterns):
            return None
        return [(p, f"lower({self.column}) LIKE lower('{p}')") for p in self.patterns]

    def shown_column(self):
        return "last_name || ', ' || first_name" if self.column == "two" else self.column


PINNED = [
    PatternClass(
        "infix selective", "full_name", ["%kowalsk%", "%mcdon%", "%nguy%", "%wojc%", "%okaf%"]
    ),
    PatternClass("infix common", "full_name", ["%son%", "%smi%", "%ann%", "%ell%"]),
    PatternClass("two characters", "full_name", ["%zz%", "%er%", "%sm%", "%xq%", "%qz%"]),
    PatternClass("one character", "full_name", ["%a%", "%z%", "%q%"]),
    PatternClass("prefix", "full_name", ["smi%", "son%", "mar%", "zz%"]),
    PatternClass("suffix", "full_name", ["%smith", "%son", "%ez"]),
    PatternClass(
        "several words", "full_name", ["john%smith", "%john smith%", "%maria garcia%", "%ann smi%"]
    ),
    PatternClass("underscore", "full_name", ["%sm_th%", "j_n%"]),
    PatternClass(
        "two columns",
        "two",
        [
            "first_name ILIKE 'jo%' AND last_name ILIKE '%smi%'",
            "first_name ILIKE '%jos%' AND last_name ILIKE '%kowal%'",
            "first_name ILIKE '%kim%' OR last_name ILIKE '%kim%'",
        ],
    ),
    PatternClass("adversarial", "full_name", ["%n%a%n%a%n%", "%e%e%e%"]),
]

ALSO = [
    PatternClass("last: infix selective", "last_name", ["%kowalsk%", "%mcdon%", "%nguy%", "%wojc%"]),
    PatternClass("last: infix common", "last_name", ["%son%", "%smi%", "%zz%"]),
    PatternClass("last: prefix", "last_name", ["smi%", "mar%", "zz%"]),
    PatternClass("unique column", "mrn", ["%4711%", "%471147%", "%00_00%"]),
    PatternClass("LIKE", "full_name", ["%Kowalsk%", "%Son%", "Smi%"], operator="LIKE"),
]
