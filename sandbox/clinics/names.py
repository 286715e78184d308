"""People's names, plainly invented: nobody is called Fennelwick, and the other scripts say "example"."""

from dataclasses import dataclass
from random import Random

GIVEN = (
    "Ada",
    "Bram",
    "Cleo",
    "Dov",
    "Elke",
    "Finn",
    "Greta",
    "Hugo",
    "Isla",
    "Juno",
    "Kit",
    "Lark",
    "Milo",
    "Nell",
    "Otis",
    "Pia",
    "Quin",
    "Rosa",
    "Sven",
    "Tess",
    "Uma",
    "Vito",
    "Wren",
    "Xara",
    "Yves",
    "Zita",
    "Anouk",
    "Birk",
    "Calla",
    "Dario",
    "Edda",
    "Faye",
    "Gus",
    "Hedy",
    "Ivo",
    "Jory",
    "Kaia",
    "Leif",
    "Maeve",
    "Nico",
    "Odile",
    "Perrin",
    "Quill",
    "Runa",
    "Silas",
    "Thea",
    "Ulla",
    "Vesper",
    "Willa",
    "Ximo",
    "Yara",
    "Zeno",
)
FIRST_HALVES = (
    "Quill",
    "Bramble",
    "Thistle",
    "Moss",
    "Pebble",
    "Lantern",
    "Copper",
    "Willow",
    "Fennel",
    "Marble",
    "Clover",
    "Button",
    "Feather",
    "Ginger",
    "Hazel",
    "Kettle",
    "Maple",
    "Nutmeg",
    "Pepper",
    "Saffron",
    "Tinder",
    "Umber",
    "Velvet",
    "Walnut",
)
SECOND_HALVES = (
    "wick",
    "more",
    "stead",
    "worth",
    "bury",
    "dale",
    "hollow",
    "berry",
    "smith",
    "croft",
    "field",
    "gate",
    "mead",
    "shaw",
    "thorpe",
    "vane",
    "well",
    "wright",
    "yard",
    "brook",
)
ACCENTED = (
    ("Zoë", "Exempelström"),
    ("Jürgen", "Müsterbach"),
    ("Łucja", "Przykładowska"),
    ("Siân", "O'Sampleigh"),
    ("Ngọc", "Vídụ-Nguyên"),
    ("Inês", "d'Exemplão"),
    ("Renée-Noëlle", "Spécimen de la Fiction"),
    ("Ragnheiður", "Dæmisdóttir"),
)
OTHER_SCRIPTS = (
    ("Лада", "Примерова"),
    ("Δάφνη", "Παραδειγματίδου"),
    ("花子", "例山"),
    ("样本", "示"),
    ("하나", "예시"),
    ("ليلى", "مثالي"),
    ("דנה", "דוגמאי"),
    ("आशा", "उदाहरणकर"),
    ("มาลี", "ตัวอย่างวงศ์"),
    ("Անի", "Օրինակյան"),
)


@dataclass(frozen=True, slots=True)
class Family:
    """People who share a surname; `scripted` names come whole, since half a name fits no other script."""

    surname: str
    scripted: tuple[tuple[str, str], ...] = ()


def draw_family(rng: Random) -> Family:
    luck = rng.random()
    if luck < 0.05:
        return Family("", ACCENTED)
    if luck < 0.10:
        return Family("", OTHER_SCRIPTS)
    return Family(rng.choice(FIRST_HALVES) + rng.choice(SECOND_HALVES))


def draw_name(rng: Random, family: Family) -> tuple[str, str]:
    """First and last name; now and then somebody goes by one name only."""
    if family.scripted:
        return rng.choice(family.scripted)
    first = rng.choice(GIVEN)
    if rng.random() < 0.1:
        first += " " + rng.choice(GIVEN)
    return ("", first) if rng.random() < 0.004 else (first, family.surname)


def draw_email(rng: Random, first: str, last: str, patient_id: str) -> str:
    """example.com only; about one in eight has none."""
    if rng.random() < 0.12:
        return ""
    name = f"{first}.{last}".lower().replace(" ", "")
    plain = "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter == "."))
    return f"{plain.strip('.') or 'someone'}.{patient_id[-6:]}@example.com"
