"""The report in a real browser: it renders, and every result can be opened."""

import pytest

from tests.project import CHROMIUM, rendered


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_the_report_renders(golden, tmp_path):
    shown = rendered(golden.results / "report.html", tmp_path)
    assert "Methods" in shown
    assert "Language model" in shown and "Configuration" in shown  # the categories, drawn by its JavaScript
