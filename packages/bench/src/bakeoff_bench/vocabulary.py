"""The words that titles, names and tags of the data set are put together from."""

from __future__ import annotations

ADJECTIVES = (
    "Silent", "Hidden", "Last", "Burning", "Broken", "Distant", "Golden", "Forgotten", "Northern",
    "Second", "Invisible", "Wandering", "Frozen", "Crimson", "Endless", "Ordinary", "Unwritten",
    "Borrowed", "Secret", "Patient", "Hollow", "Bright", "Reluctant", "Early", "Secluded", "Wild",
    "Narrow", "Restless", "Stolen", "Naïve", "Lonely", "Perfect", "Seventh", "Quiet", "Small",
    "Tidal", "Unlikely", "Velvet", "Weightless", "Young",
)  # fmt: skip
NOUNS = (
    "River", "Garden", "Lighthouse", "Cartographer", "Winter", "Orchard", "Machine", "Daughter",
    "Empire", "Library", "Harbour", "Mountain", "Clockmaker", "Letter", "Island", "Road", "Mirror",
    "Kingdom", "Language", "Sea", "Forest", "Stranger", "Bridge", "Theorem", "Café", "House",
    "Voyage", "Shadow", "Archive", "Bird", "Compass", "Door", "Election", "Fire", "Gardener",
    "History", "Ink", "Journey", "Key", "Lamp", "Map", "Night", "Observatory", "Piano", "Question",
    "Railway", "Song", "Tower", "Umbrella", "Valley",
)  # fmt: skip
PLACES = (
    "São Tomé", "Kraków", "Lisbon", "Tromsø", "Kyoto", "Zürich", "Århus", "Valparaíso", "İzmir",
    "Malmö", "Łódź", "Cádiz", "Samarkand", "Timbuktu", "Reykjavík", "Thessaloniki", "Göttingen",
    "Marrakesh", "Odesa", "Québec", "Riga", "Hà Nội", "Çanakkale", "Bergen", "Trieste", "Yerevan",
    "Zanzibar", "Dunedin", "Genève", "Nîmes",
)  # fmt: skip
SUBTITLES = (
    "A Novel", "A History", "Collected Stories", "Essays and Letters", "The Complete Edition",
    "Notes from the Field", "A Memoir of the Years Between the Wars", "An Introduction",
    "How a Forgotten Idea Came Back and Changed Everything", "Selected Poems",
)  # fmt: skip
FORENAMES = (
    "Ada", "Björn", "Chinua", "Dorota", "Elif", "François", "Gabriela", "Haruki", "Ines", "José",
    "Katarzyna", "Leïla", "Milan", "Nadia", "Olga", "Pär", "Rabindranath", "Søren", "Tomás",
    "Ursula", "Virginia", "Wisława", "Xiao", "Yaşar", "Zadie",
)  # fmt: skip
SURNAMES = (
    "Achterberg", "Brontë", "Čapek", "Dąbrowska", "Eriksson", "Fernández", "Gündoğdu", "Hašek",
    "Ishiguro", "Jónsdóttir", "Kovács", "Lindqvist", "Müller", "Nguyễn", "Okonkwo", "Pérez",
    "Queneau", "Rowe", "Szymborska", "Tanaka", "Undset", "Vargas", "Woolf", "Ximénez", "Yourcenar",
    "Zweig", "村上", "Παπαδόπουλος", "Ахматова", "O’Brien",
)  # fmt: skip
MANNERS = (
    "modern", "classic", "literary", "historical", "popular", "illustrated", "children’s", "young",
    "scandinavian", "french", "japanese", "african", "translated", "academic", "collected",
    "experimental", "gothic", "urban", "rural", "political",
)  # fmt: skip
KINDS = (
    "fiction", "poetry", "essays", "crime", "fantasy", "biography", "science", "travel",
    "drama", "cookery",
)  # fmt: skip
LANGUAGES = ("en", "fr", "de", "es", "pl", "ja", "sv", "tr")
PUBLISHERS = (
    "Harbour & Sons", "Éditions du Nord", "Black Lamp Press", "Suhrmann", "Wydawnictwo Łąka",
    "Open Shelf", "Meridian University Press", "Kōdō Shoten",
)  # fmt: skip
BINDINGS = ("hardback", "paperback", "e-book", "audio")
