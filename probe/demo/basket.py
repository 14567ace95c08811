from collections.abc import Iterator
from dataclasses import dataclass

from probe.demo.catalog import Product


@dataclass(frozen=True, slots=True)
class Line:
    product: Product
    qty: int

    @property
    def cents(self) -> int:
        return self.product.cents * self.qty


@dataclass(frozen=True, slots=True)
class Basket:
    lines: tuple[Line, ...] = ()

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    @property
    def cents(self) -> int:
        return sum(line.cents for line in self.lines)

    @property
    def count(self) -> int:
        return sum(line.qty for line in self.lines)

    def quantity(self, product: Product) -> int:
        return sum(line.qty for line in self.lines if line.product == product)

    def with_quantity(self, product: Product, qty: int) -> "Basket":
        """The same product twice is one line."""
        others = tuple(line for line in self.lines if line.product != product)
        return Basket((*others, Line(product, qty)))
