"""Two ways to pay the same basket: the checkout page's form for people, `POST /pay` for programs."""

import re
from http import HTTPStatus
from time import monotonic

from aiohttp import web

from probe.demo.orders import EmptyBasketError, Payment
from probe.demo.pages import PAGES
from probe.demo.state import STATE
from probe.demo.visit import form_of, session_of


async def pay(request: web.Request) -> web.Response:
    if not is_card(await _card_in_json(request)):
        return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, 'expected {"card": "4242424242424242"}, 12 to 19 digits')
    try:
        payment = _settle(request, request.headers.get("Idempotency-Key", ""))
    except EmptyBasketError:
        return _refusal(HTTPStatus.CONFLICT, "the cart is empty")
    return web.json_response(payment.answer)


async def checkout(request: web.Request) -> web.Response:
    session = session_of(request)
    if not session.basket.count:
        return _see("/cart")
    return request.app[PAGES].checkout(session)


async def submit(request: web.Request) -> web.Response:
    form = await form_of(request)
    session, pages = session_of(request), request.app[PAGES]
    if not is_card(form.get("card", "")):
        return pages.checkout(session, "That is no card number: it takes 12 to 19 digits.", status=422)
    try:
        payment = _settle(request, form.get("key", ""))
    except EmptyBasketError:
        return _see("/cart")
    if payment.order_id is None:
        return pages.checkout(session, "Your card was declined: insufficient funds.")
    return _see(f"/orders/{payment.order_id}/thanks")


def is_card(card: object) -> bool:
    """Digits, in groups if you like. Nothing keeps or repeats the number."""
    return isinstance(card, str) and bool(re.fullmatch(r"\d{12,19}", re.sub(r"[ -]", "", card), re.ASCII))


def _settle(request: web.Request, key: str) -> Payment:
    state = request.app[STATE]
    return state.orders.pay(session_of(request), key, state.faults_on(request.path), monotonic())


async def _card_in_json(request: web.Request) -> object:
    try:
        body = await request.json()
    except ValueError:
        return None
    return body.get("card") if isinstance(body, dict) else None


def _refusal(status: HTTPStatus, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def _see(path: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})
