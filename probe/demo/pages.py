from importlib.resources import files
from secrets import token_urlsafe

from aiohttp import web

from probe.demo.basket import Line
from probe.demo.catalog import CATALOG, Product
from probe.demo.markup import Html, Templates
from probe.demo.orders import Order
from probe.demo.session import Session


class Pages:
    """What a browser shows. Every page works without JavaScript and asks nothing of another host."""

    def __init__(self) -> None:
        self._templates = Templates(files(__package__) / "templates")
        self._art = Templates(files(__package__) / "art")

    def landing(self, session: Session) -> web.Response:
        cards = Html.joined(self._product("card.html", product) for product in CATALOG)
        return self._page("Good things", self._templates.fill("landing.html", cards=cards), session)

    def results(self, session: Session, query: str, products: list[Product]) -> web.Response:
        content = self._templates.fill(
            "results.html",
            heading=f"“{query}”" if query else "Everything",
            count=_counted(len(products), "result"),
            results=Html.joined(self._product("result.html", product) for product in products),
        )
        return self._page("Search", content, session, query=query)

    def product(self, session: Session, product: Product) -> web.Response:
        button = '<button class="primary">Add to cart</button>'
        sold_out = '<button class="primary" disabled>Sold out</button>'
        content = self._product(
            "product.html",
            product,
            story=product.story,
            csrf=session.csrf,
            button=Html(button if product.stock else sold_out),
            stock=f"{product.stock} in stock" if product.stock else "None left",
        )
        return self._page(product.name, content, session)

    def cart(self, session: Session) -> web.Response:
        if not session.basket.count:
            return self._page("Your cart", self._templates.fill("cart_empty.html"), session)
        lines = Html.joined(map(self._cart_line, session.basket))
        content = self._templates.fill("cart.html", lines=lines, total=_money(session.basket.cents))
        return self._page("Your cart", content, session)

    def _cart_line(self, line: Line) -> Html:
        return self._product("cart_line.html", line.product, qty=line.qty, sum=_money(line.cents))

    def checkout(self, session: Session, problem: str = "", status: int = 200) -> web.Response:
        content = self._templates.fill(
            "checkout.html",
            total=_money(session.basket.cents),
            items=_counted(session.basket.count, "item"),
            problem=self._templates.fill("problem.html", text=problem) if problem else "",
            csrf=session.csrf,
            key=token_urlsafe(),  # the same form sent twice pays once
        )
        return self._page("Checkout", content, session, status=status)

    def thanks(self, session: Session, order: Order) -> web.Response:
        content = self._templates.fill("thanks.html", order=order.id, total=_money(order.cents))
        return self._page("Thank you", content, session)

    def notice(self, status: int, heading: str, text: str) -> web.Response:
        content = self._templates.fill("notice.html", status=status, heading=heading, text=text)
        return self._page(heading, content, status=status)

    def challenge(self) -> web.Response:
        return _answer(self._templates.fill("challenge.html"), 403)

    def _product(self, template: str, product: Product, **values: object) -> Html:
        art = self._art.fill(f"{product.art}.svg", colour=product.colour)
        return self._templates.fill(
            template, sku=product.sku, name=product.name, price=_money(product.cents), art=art, **values
        )

    def _page(
        self, title: str, content: Html, session: Session | None = None, *, query: str = "", status: int = 200
    ) -> web.Response:
        count = session.basket.count if session else 0
        badge = Html(f'<span class="badge">{count}</span>') if count else ""
        document = self._templates.fill("document.html", title=title, content=content, badge=badge, query=query)
        return _answer(document, status)


def _answer(document: Html, status: int) -> web.Response:
    # A page shows one session's cart and token: no cache may keep it.
    return web.Response(text=document, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


PAGES = web.AppKey("pages", Pages)
