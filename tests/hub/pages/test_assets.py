from probe.hub.pages.assets import asset_response, load_assets


def test_every_file_is_an_asset_whose_address_changes_with_it() -> None:
    assets = load_assets()
    assert set(assets) == {"icon.svg", "live.js", "page.css"}
    assert len({asset.path.partition("?v=")[2] for asset in assets.values()}) == len(assets)
    assert all(asset.path.startswith(f"/static/{name}?v=") for name, asset in assets.items())


def test_an_asset_is_served_with_its_type_and_may_be_kept() -> None:
    response = asset_response(load_assets()["page.css"])
    assert (response.content_type, response.headers["Cache-Control"]) == (
        "text/css",
        "private, max-age=31536000, immutable",
    )
