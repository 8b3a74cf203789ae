import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from annlab import draw


@pytest.fixture
def drawing(history):
    return draw.curves(history, by="optimizer", title="Loss & <more>", alt='Loss of "two" optimisers')


def test_the_package_loads_nothing_heavy_and_every_name():
    code = (
        "import sys; from annlab import draw; "
        "heavy = {'matplotlib', 'plotly', 'pandas', 'scipy', 'torch'} & set(sys.modules); assert not heavy, heavy; "
        "assert draw.Drawing and 'matplotlib' not in sys.modules; "
        "missing = [name for name in draw.__all__ if getattr(draw, name, None) is None]; assert not missing, missing; "
        "assert callable(draw.curves) and callable(draw.surfaces) and callable(draw.network); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        draw.nothing  # noqa: B018


def test_a_drawing_needs_a_figure():
    with pytest.raises(ValueError, match="needs a matplotlib figure"):
        draw.Drawing()


def test_svg_is_the_same_every_time(history):
    first, second = (draw.curves(history, by="optimizer").svg() for _ in range(2))
    assert first == second
    assert first == first.strip()


def test_svg_can_stand_inline(drawing):
    text = drawing.svg()
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'Loss of "two" optimisers'
    assert "<metadata" not in text
    assert "DOCTYPE" not in text
    assert "#16191d" not in text
    assert "currentColor" in text
    assert re.search(r"20\d\d-\d\d-\d\d", text) is None


def test_ids_are_referred_to_and_differ_between_figures(history):
    texts = [draw.curves(history, by="optimizer", y=y).svg() for y in ("train_loss", "validation_loss")]
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in texts]
    assert not ids[0] & ids[1]
    for text, known in zip(texts, ids, strict=True):
        referred = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
        assert referred
        assert referred <= known


def test_long_curves_stay_small():
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "replicate": np.repeat(np.arange(10), 5000),
            "epoch": np.tile(np.arange(1, 5001), 10),
            "train_loss": np.exp(rng.normal(size=50_000)),
        }
    )
    assert len(draw.curves(frame, log_y=True).svg()) < 250_000


def test_files_are_written_without_a_date(drawing, tmp_path):
    png = drawing.png(tmp_path / "deep" / "figure.png", dpi=80)
    assert png.read_bytes().startswith(b"\x89PNG")
    pdf = drawing.pdf(tmp_path / "figure.pdf")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert b"CreationDate" not in pdf.read_bytes()
    assert drawing.pdf(tmp_path / "again.pdf").read_bytes() == pdf.read_bytes()


def test_html_of_a_still_drawing_is_its_svg(drawing):
    assert drawing.html() == f'<div class="drawing">{drawing.svg()}</div>'
    assert not drawing.interactive


def test_html_of_an_interactive_drawing_leaves_the_library_out(rng):
    axis = np.linspace(-1, 1, 12)
    drawing = draw.surfaces({"a": rng.normal(size=(12, 12))}, x=axis, y=axis)
    text = drawing.html()
    assert drawing.interactive
    assert "Plotly.newPlot" in text
    assert len(text) < 200_000
    assert "<script src" not in text
    assert text == drawing.html()
    assert drawing.svg() in text


def test_without_paper_there_is_nothing_to_save(rng):
    axis = np.linspace(-1, 1, 5)
    page = draw.surfaces({"a": rng.normal(size=(5, 5))}, x=axis, y=axis).page
    alone = draw.Drawing(page=page)
    assert "drawing-print" not in alone.html()
    with pytest.raises(ValueError, match="no matplotlib figure"):
        alone.svg()
