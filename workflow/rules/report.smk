# Targets of a run: tables of the side experiments, and figures of all parts. Also writes the resolved configuration, as
# a file and a page.
VERDICTS = [name for name in QUESTION_FIGURES if name.startswith("profile")]
FIGURES_OF = {
    "text": [
        *[f"questions/{question}/{name}" for question in QUESTIONS for name in QUESTION_FIGURES],
        *(VERDICTS if QUESTIONS else QUESTION_FIGURES),  # for all arms
    ]
}  # the figures of other parts begin with the part's name
TABLES_OF = {
    "discrete": ["trajectory.csv", "theory.csv", "metrics.json"],
    "gaussian": ["trajectory.csv", "theory.csv", "metrics.json"],
    "mixture": ["summary.csv", "metrics.json"],
    "vae": ["summary.csv", "intervals.csv", "metrics.json"],
    "three_errors": ["errors.csv", "metrics.json"],
}


rule side:
    input:
        [f"<results>/{part}/{name}" for part in PARTS if part in TABLES_OF for name in TABLES_OF[part]],


rule figures:
    input:
        [
            f"<figures>/{name}"
            for part in PARTS
            for name in FIGURES_OF.get(part, [name for name in FIGURES if name.startswith(part)])
        ],
        "<results>/config.yaml",


rule write_configuration:
    output:
        yaml="<results>/config.yaml",
        page=report(
            "<figures>/configuration.html",
            caption="../report/configuration.rst",
            category="Configuration",
            labels={"figure": "Every key, its value and its meaning"},
        ),
    log:
        "<logs>/write_configuration.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        file=CONFIGURATION.as_posix(),  # prepare_run writes it, because it is too long for a command
        digest=hashlib.sha256(configuration_text().encode()).hexdigest(),
        code=code("write_configuration"),
    shell:
        "python -m scripts write_configuration --configuration {params.file} --code {params.code}"
        " --output {output.yaml} --page {output.page} 2> {log}"
