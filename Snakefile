# Table of contents: human text → base model → chain of generations → tables; the side experiments; figures and report.
from snakemake.utils import min_version

min_version("9.27.1")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/language_model.smk"
include: "workflow/rules/verdicts.smk"
include: "workflow/rules/text_figures.smk"
include: "workflow/rules/discrete.smk"
include: "workflow/rules/gaussian.smk"
include: "workflow/rules/mixture.smk"
include: "workflow/rules/vae.smk"
include: "workflow/rules/three_errors.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        rules.text.input,
        rules.side.input,
        rules.figures.input,
