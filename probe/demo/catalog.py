from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    cents: int
    stock: int
    art: str  # which drawing shows it, and in which colour
    colour: str
    story: str

    def as_json(self) -> dict[str, object]:
        return {
            "sku": self.sku,
            "name": self.name,
            "price": self.cents / 100,
            "currency": CURRENCY,
            "stock": self.stock,
        }


def find(sku: str) -> Product | None:
    return next((product for product in CATALOG if product.sku == sku), None)


def search(query: str) -> list[Product]:
    """Every product whose name or SKU contains all words of the query, in the catalogue's order."""
    words = query.casefold().split()
    return [product for product in CATALOG if all(word in f"{product.name} {product.sku}".casefold() for word in words)]


CURRENCY = "EUR"
T_SHIRT = "Heavy organic cotton that keeps its shape, wash after wash. Cut straight, sewn twice, printed with nothing."

CATALOG = (
    Product("TSHIRT-S", "Classic T-shirt, S", 1990, 40, "tshirt", "#d9704a", T_SHIRT),
    Product("TSHIRT-M", "Classic T-shirt, M", 1990, 25, "tshirt", "#3f7d6e", T_SHIRT),
    Product("TSHIRT-L", "Classic T-shirt, L", 1990, 31, "tshirt", "#4668a8", T_SHIRT),
    Product(
        "SHIRT-OXFORD", "Oxford shirt", 4900, 12, "shirt", "#7f9fc9",
        "The one that goes with everything: a soft collar, a chest pocket, and buttons that stay where they are.",
    ),
    Product(
        "HOODIE-MOSS", "Everyday hoodie", 5400, 18, "hoodie", "#6d7f4e",
        "Brushed on the inside, with a hood that is large enough to read under.",
    ),
    Product(
        "CAP-RUST", "Corduroy cap", 2200, 9, "cap", "#a9522f",
        "Wide-wale corduroy and a brim that bends the way you like it.",
    ),
    Product(
        "SOCKS-STRIPE", "Striped socks", 790, 120, "socks", "#c9473f",
        "One pair, two colours, no seam at the toes.",
    ),
    Product(
        "TOTE-CANVAS", "Canvas tote bag", 1500, 60, "tote", "#c8a15a",
        "Carries a week of groceries or a weekend of books. Long handles, flat bottom.",
    ),
    Product(
        "MUG-ENAMEL", "Enamel mug", 1250, 44, "mug", "#35618e",
        "Light, chipped by the third summer, better for it. Holds 350 ml.",
    ),
    Product(
        "NOTEBOOK-DOT", "Dotted notebook", 950, 75, "notebook", "#7a4f86",
        "160 pages that lie flat and take ink without bleeding.",
    ),
    Product(
        "CANDLE-PINE", "Pine candle", 1800, 22, "candle", "#4d7c5a",
        "Rapeseed wax and a walk in the woods. Burns for forty hours.",
    ),
    Product(
        "PRINT-HARBOUR", "Harbour print", 3500, 0, "print", "#3b7a99",
        "A linocut of the quay at six in the morning. The edition of one hundred has found its walls.",
    ),
)  # fmt: skip
