import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from LuDosimetryLib.image.grid import Grid
from LuDosimetryLib.organs.organ_dose import cumulative_dvh, organ_doses
from LuDosimetryLib.output.folder import Result

HOSTILE_NAME = 'tumour <script>alert("1")</script> & co $x^2$'


class PageParser(HTMLParser):
    """Collects tags that do not close, addresses, and text."""

    VOID = frozenset({"meta", "img", "br", "hr", "link", "input", "wbr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in {"src", "href", "srcset", "data"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(self.texts))


@pytest.fixture
def parse() -> type[PageParser]:
    return PageParser


def small_result(methods: tuple[str, ...] = ("multi-vsv", "local"), **changes: Any) -> Result:
    grid = Grid.axial((12, 14, 16), (4.0, 4.0, 4.0))
    rng = np.random.default_rng(7)
    density = np.full(grid.shape, 0.001, np.float32)
    density[1:-1, 2:-2, 2:-2] = 1.02
    reported = density > 0.05
    tia = np.where(reported, 5.0, 0.0).astype(np.float32)
    kidney, tumour = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
    kidney[4:7, 5:9, 3:6] = True
    tumour[7:9, 4:6, 10:13] = True
    tia[kidney], tia[tumour] = 60.0, 150.0
    doses = {
        name: np.where(
            reported, 0.085 * tia * (1.0 + 0.05 * n) + 0.01 * rng.random(grid.shape), 0
        ).astype(np.float32)
        for n, name in enumerate(methods)
    }
    vois = {"kidney": kidney, HOSTILE_NAME: tumour}
    values: dict[str, Any] = {
        "case": {
            "patient_id": "<b>P-1</b>",
            "cycle": 2,
            "nuclide": "Lu-177",
            "administered_activity_MBq": 7400.0,
            "reference_time_point": 0,
            "time_points": [
                {"hours": 4.0, "spect": "a.nrrd", "ct": "ct.nrrd", "unit": "Bq/mL"},
                {"hours": 24.0, "spect": "b.nrrd", "ct": None, "unit": "Bq/mL"},
            ],
            "segmentation": {"file": "organs.nrrd"},
        },
        "dose_method": methods[0],
        "grid": grid,
        "tia": tia,
        "density": density,
        "reported": reported,
        "doses": doses,
        "vois": vois,
        "organs": [
            replace(organ, dose_per_activity_Gy_GBq=organ.mean_dose_Gy / 7.4)
            for organ in organ_doses(vois, doses, methods[0], tia, density, reported, grid)
        ],
        "dvh": cumulative_dvh(doses[methods[0]], vois, reported),
        "timing_s": {"read": 0.25, "dose": 1.5, "total": 1.75},
        "provenance": {"version": "0.1.0", "inputs_sha256": {"a.nrrd": "abc123"}, "model": ""},
        "warnings": ["the CT covers <little>."],
    }
    return Result(**(values | changes))
