"""Text of the user is only text, even if it means something to a shell, Snakemake, a page or a terminal."""

import html
import html.parser
import json
import re

import pytest

from tests.project import CHROMIUM, Project, rendered

pytestmark = pytest.mark.slow  # a whole run
SHELL = 'it\'s $(touch canary) `touch canary`; touch canary | "tee canary" {wildcards} {x} {{ %s'
PAGE = '<script>document.title="canary"</script><img src=x onerror="document.title=\'canary\'"> </script> &amp; --> ]]>'
LINE = f"{SHELL} {PAGE} \x00 \x01 \x1b[2J\x07 \u202e \u2028 ünï 日本語 🦊 some more words than fit a block of tokens"
FILES = {"train": "train 'a'; touch canary.txt", "test": "--code {wildcards} ü.txt"}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Project:
    """Run from such text to the report, with such names of folders and options."""
    project = Project.create(tmp_path_factory.mktemp("parent") / 'it\'s "a" $(touch canary); ünï\nproject')
    folder = project.folder / 'my "text" $(touch canary);\n{x}'
    folder.mkdir()
    lines = "\ufeff" + "\r\n".join(f"{LINE} {number}" if number % 4 else "" for number in range(60))
    for name in FILES.values():
        (folder / name).write_bytes(lines.encode())
    source = {"source": "files", "folder": folder.name, "files": FILES, "text_column": f"--code {SHELL}"}
    why = {"asks": f"{PAGE} {SHELL} *a* |b| `c`", "arms": ["replace"], "reference": None}
    text = {"generations": 2, "seeds": [1], "arms": ["replace"], "questions": {"why": why}}
    pretraining = {"files": [f"{folder.name}/{FILES['test']}"]}
    project.configure({"parts": ["text"], "corpus": source, "base_model": {"pretraining": pretraining}})
    project.configure({"text": text | {"passage": {"search": f"{SHELL} {PAGE}"}}})
    project.before = {path for path in project.folder.parent.rglob("*")}
    project.run("--cores", "2")
    return project


def test_nothing_is_executed_or_written_beside_the_results(run):
    new = {path.relative_to(run.folder).parts[0] for path in {*run.folder.parent.rglob("*")} - run.before}
    assert new == {"results", "logs", ".snakemake"}


def test_the_text_comes_through_as_it_is(run):
    passage = json.loads((run.results / "corpus" / "passage.json").read_text())["text"]
    assert LINE.startswith(passage) and passage.startswith("it's $(touch canary)")


class Elements(html.parser.HTMLParser):
    """Collects the elements of a page that could execute code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        if tag in ("script", "img", "iframe") or any(name.startswith("on") for name, _ in attributes):
            self.found.append(self.get_starttag_text() or tag)


def test_pages_and_captions_hold_text_and_no_scripts(run):
    pages = [path.read_text() for path in run.results.rglob("figures/**/*.html")]
    report = (run.results / "report.html").read_text()
    found = re.search(r'<script id="results">\s*var \w+ = (.*?);\s*</script>', report, re.DOTALL)
    captions = [one["caption"] for one in json.loads(found[1]).values()]
    assert len(pages) > 3 and len(captions) > 10
    assert any(PAGE in html.unescape(one) for one in captions)
    assert not any(".. include" in one for one in captions)
    for page in pages + captions:
        assert Elements(page).found == []


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_the_report_runs_nothing_of_the_text(run, tmp_path):
    shown = rendered(run.results / "report.html", tmp_path)
    assert "<title>Snakemake Report</title>" in shown
    assert "Methods" in shown and "onerror" not in shown
