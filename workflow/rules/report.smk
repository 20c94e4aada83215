# Figures and pages, drawn from the tables alone, with captions that state what was found.
FIGURES = f"{RESULTS}/figures"


def shown(name, category, figure, ending="svg"):
    """An output for the report; its caption is written by the job that draws it, with the numbers in it."""
    return report(
        f"{FIGURES}/{name}.{ending}",
        caption=str(Path(FIGURES, f"{name}.rst").absolute()),
        category=category,
        labels={"figure": figure},
    )


rule figures:
    input:
        expand(
            f"{FIGURES}/{{name}}.svg",
            name=["perplexity", "block_perplexity", "tails", "diversity"],
        ),
        f"{FIGURES}/continuations.html",
        f"{RESULTS}/config.yaml",


rule plot_perplexity:
    input:
        summary=rules.summarize.output.summary,
        intervals=rules.summarize.output.intervals,
    output:
        shown("perplexity", "Language model", "Test perplexity by generation"),
        multiext(f"{FIGURES}/perplexity", ".png", ".rst"),
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_perplexity"),
        stem=f"{FIGURES}/perplexity",
    log:
        f"logs/{config['experiment']}/plot_perplexity.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m scripts plot_perplexity {params.options} --code {params.code} --summary {input.summary}"
        " --intervals {input.intervals} --output {params.stem} 2> {log}"


rule plot_block_perplexity:
    input:
        rules.summarize.output.block_perplexity,
    output:
        shown("block_perplexity", "Language model", "Perplexity of synthetic blocks under generation 0"),
        multiext(f"{FIGURES}/block_perplexity", ".png", ".rst"),
    params:
        code=code("plot_block_perplexity"),
        stem=f"{FIGURES}/block_perplexity",
    log:
        f"logs/{config['experiment']}/plot_block_perplexity.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m scripts plot_block_perplexity --code {params.code} --histogram {input}"
        " --output {params.stem} 2> {log}"


rule plot_tails:
    input:
        rules.summarize.output.intervals,
    output:
        shown("tails", "Language model", "Loss by frequency of the target token"),
        multiext(f"{FIGURES}/tails", ".png", ".rst"),
    params:
        code=code("plot_tails"),
        stem=f"{FIGURES}/tails",
    log:
        f"logs/{config['experiment']}/plot_tails.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m scripts plot_tails --code {params.code} --intervals {input} --output {params.stem} 2> {log}"


rule plot_diversity:
    input:
        rules.summarize.output.intervals,
    output:
        shown("diversity", "Language model", "Diversity of synthetic text"),
        multiext(f"{FIGURES}/diversity", ".png", ".rst"),
    params:
        code=code("plot_diversity"),
        stem=f"{FIGURES}/diversity",
    log:
        f"logs/{config['experiment']}/plot_diversity.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m scripts plot_diversity --code {params.code} --intervals {input} --output {params.stem} 2> {log}"


rule table_continuations:
    input:
        rules.summarize.output.continuations,
    output:
        report(
            f"{FIGURES}/continuations.html",
            caption="../report/continuations.rst",
            category="Language model",
            labels={"figure": "Continuations of one passage"},
        ),
    params:
        code=code("table_continuations"),
    log:
        f"logs/{config['experiment']}/table_continuations.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m scripts table_continuations --code {params.code} --continuations {input} --output {output} 2> {log}"


rule write_configuration:
    output:
        yaml=f"{RESULTS}/config.yaml",
        page=report(
            f"{FIGURES}/configuration.html",
            caption="../report/configuration.rst",
            category="Configuration",
            labels={"figure": "Every key, its value and its meaning"},
        ),
    params:
        options=flags(configuration=json.dumps(config), descriptions=json.dumps(configuration.descriptions())),
        code=code("write_configuration"),
    log:
        f"logs/{config['experiment']}/write_configuration.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "python -m scripts write_configuration {params.options} --code {params.code} --output {output.yaml}"
        " --page {output.page} 2> {log}"
