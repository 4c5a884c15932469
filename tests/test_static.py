import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.test_charts import contrast

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "static"
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
MODES = ("light", "dark")


def mixed(front: str, back: str, share: float) -> str:
    """`front` laid over `back` with an opacity."""
    pairs = ((int(front[i : i + 2], 16), int(back[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


@pytest.fixture(scope="module")
def countries() -> dict:
    features = json.loads((STATIC / "countries.geojson").read_text())["features"]
    return {feature["properties"]["code"]: feature for feature in features}


@pytest.mark.parametrize("mode", MODES)
def test_white_text_on_a_primary_button_is_readable(mode):
    assert contrast("#ffffff", CONFIG["theme"][mode]["primaryColor"]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("colour", ["primaryColor", "textColor", "linkColor", "grayTextColor"])
def test_text_is_readable_on_the_page(mode, colour):
    theme = CONFIG["theme"][mode]
    assert contrast(theme[colour], theme["backgroundColor"]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", ["page", "sidebar"])
def test_captions_are_readable(mode, place):
    theme = CONFIG["theme"][mode]
    back = (theme if place == "page" else theme["sidebar"])["backgroundColor"]
    # Streamlit writes captions with 60 % of the text colour.
    assert contrast(mixed(theme["textColor"], back, 0.6), back) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hue", ["red", "orange", "yellow", "green", "blue", "gray"])
def test_messages_and_badges_are_readable(mode, hue):
    theme = CONFIG["theme"][mode]
    assert contrast(theme[f"{hue}TextColor"], theme[f"{hue}BackgroundColor"]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
def test_table_headers_are_readable(mode):
    theme = CONFIG["theme"][mode]
    header, text = theme["dataframeHeaderBackgroundColor"], theme["dataframeHeaderTextColor"]
    assert contrast(text, header) >= 4.5


def test_there_are_two_sizes_of_text_beside_the_title():
    assert CONFIG["theme"]["headingFontSizes"][1:] == ["1rem"] * 5


def test_every_font_of_the_theme_is_a_file_here():
    urls = [face["url"] for face in CONFIG["theme"]["fontFaces"]]
    assert len(urls) == 6
    assert all(
        (STATIC / url.removeprefix("app/static/")).read_bytes()[:4] == b"wOF2" for url in urls
    )


def test_fonts_are_light_and_carry_their_licence():
    fonts = STATIC / "fonts"
    assert sum(font.stat().st_size for font in fonts.glob("*.woff2")) < 300_000
    assert "SIL OPEN FONT LICENSE" in (fonts / "LICENSE-OFL.txt").read_text()


def test_nothing_in_the_configuration_or_static_points_outside():
    text = (ROOT / ".streamlit" / "config.toml").read_text() + (STATIC / "icon.svg").read_text()
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == []


def test_the_server_is_closed_unless_it_is_opened():
    server = CONFIG["server"]
    assert server["address"] == "127.0.0.1"
    assert server["allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
    assert server["maxUploadSize"] == 10
    assert server["enableXsrfProtection"]
    assert server["enableCORS"]
    assert not server["enableAgentApi"]
    assert not CONFIG["browser"]["gatherUsageStats"]
    assert CONFIG["client"]["showErrorDetails"] == "none"


def test_outlines_are_light():
    assert (STATIC / "countries.geojson").stat().st_size < 400_000


def test_outlines_cover_the_world_but_antarctica(countries):
    assert len(countries) == 236
    assert "AQ" not in countries
    assert {"NO", "SG", "TW", "HK", "XK", "VA", "MT"} <= set(countries)
    assert countries["MY"]["properties"]["name"] == "Malaysia"


def test_no_outline_runs_across_the_map_at_the_antimeridian(countries):
    for feature in countries.values():
        for polygon in feature["geometry"]["coordinates"]:
            for ring in polygon:
                longitudes = [point[0] for point in ring]
                assert max(longitudes) - min(longitudes) < 180
                assert min(longitudes) >= -180
                assert max(longitudes) <= 180
                assert ring[0] == ring[-1]
                assert len(ring) >= 4


def test_russia_lies_on_both_sides_of_it(countries):
    edges = {
        point[0]
        for polygon in countries["RU"]["geometry"]["coordinates"]
        for point in polygon[0]
        if abs(point[0]) == 180
    }
    assert edges == {-180.0, 180.0}


@pytest.mark.parametrize(
    ("code", "west", "east", "south", "north"),
    [("FR", -5, 8, 42, 51), ("US", -125, -67, 25, 49), ("SG", 103.6, 104.1, 1.2, 1.5)],
)
def test_the_point_of_a_country_lies_in_its_main_part(countries, code, west, east, south, north):
    longitude, latitude = countries[code]["properties"]["centre"]
    assert west < longitude < east
    assert south < latitude < north
