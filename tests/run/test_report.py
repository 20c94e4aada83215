"""The report states the results, contains all its parts, and no text of a model can break it."""

import json
import re

from pipeline.run.report import reproducible
from scripts.table_continuations import main as table_continuations


def test_it_holds_figures_with_captions_that_carry_numbers(golden):
    report = (golden.results / "report.html").read_text()
    results = json.loads(re.search(r'<script id="results">\s*var results = (.*?);\s*</script>', report, re.DOTALL)[1])
    labels = {one["labels"]["figure"] for one in results.values()}
    assert {"Test perplexity by generation", "Continuations of one passage"} <= labels
    assert {"Verdicts by eight definitions", "Verdicts and the rules that decided"} <= labels
    captions = {path.split("/")[-1]: one["caption"] for path, one in results.items()}
    assert re.search(r"replace: from \d+ to \d+ \(95% interval \d+–\d+\)", captions["perplexity.svg"])
    assert re.search(r"undecided by \d of 8 definitions", captions["profile.svg"])
    assert all(captions.values())
    assert all(one["data_uri"].startswith("data:") for one in results.values())
    assert "doi 10.1038" in report and "no original data" not in report


def test_it_is_self_contained_and_knows_no_time(golden):
    report = (golden.results / "report.html").read_text()
    assert not re.search(r'(?:src|href)="https?://', report)
    assert not re.search(r"20\d\d-\d\d-\d\dT\d\d:\d\d", report)


def test_text_cannot_close_a_script():
    page = '<script id="results">\nvar results = {"a": "</script><img src=x onerror=alert(1)>"};\n</script>'
    assert "</script><img" not in reproducible(page)
    assert reproducible(page).count("</script>") == 1


def test_what_a_model_wrote_is_escaped(tmp_path):
    table = tmp_path / "continuations.csv"
    table.write_text('arm,seed,generation,text\nhuman,,,<b>passage\nreplace,1,0,"<script>alert(1)</script> & so on"\n')
    table_continuations(["--code", "x", "--continuations", str(table), "--output", str(tmp_path / "page.html")])
    page = (tmp_path / "page.html").read_text()
    assert "<script>" not in page and "<b>passage" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on" in page
