"""The report in a real browser: it renders, and every result can be opened."""

import os
import re
import shutil
import subprocess

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_the_report_renders(golden, tmp_path):
    dom = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
            *(f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom"),
            f"file://{golden.results / 'report.html'}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"HOME": str(tmp_path)},
    ).stdout
    shown = re.sub(r"<script.*?</script>", "", dom, flags=re.DOTALL)
    assert "Methods" in shown
    assert "Language model" in shown and "Configuration" in shown  # the categories, drawn by its JavaScript
