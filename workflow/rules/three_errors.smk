# The three errors of the theory, one at a time and together.
rule simulate_three_errors:
    output:
        errors=f"{RESULTS}/three_errors/errors.csv",
        metrics=f"{RESULTS}/three_errors/metrics.json",
        manifest=f"{RESULTS}/three_errors/manifest.json",
    log:
        f"logs/{config['experiment']}/simulate_three_errors.log",
        benchmark=timings("simulate_three_errors"),
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(**config["three_errors"]),
        code=code("simulate_three_errors"),
    shell:
        "python -m scripts simulate_three_errors {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --output {output.errors} --metrics {output.metrics} --manifest {output.manifest} 2> {log[0]}"


rule plot_three_errors:
    input:
        errors=rules.simulate_three_errors.output.errors,
        metrics=rules.simulate_three_errors.output.metrics,
    output:
        multiext(f"{FIGURES}/three_errors", ".png", ".rst"),
        svg=shown("The three errors", "three_errors.svg", "Theory"),
    log:
        f"logs/{config['experiment']}/plot_three_errors.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("plot_three_errors"),
    shell:
        "python -m scripts plot_three_errors --code {params.code} --errors {input.errors} --metrics {input.metrics}"
        " --output {output.svg} 2> {log}"


rule table_three_errors:
    input:
        errors=rules.simulate_three_errors.output.errors,
        metrics=rules.simulate_three_errors.output.metrics,
    output:
        f"{FIGURES}/three_errors_table.rst",
        page=shown("The three errors: theory and what was seen", "three_errors_table.html", "Theory"),
    log:
        f"logs/{config['experiment']}/table_three_errors.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("table_three_errors"),
    shell:
        "python -m scripts table_three_errors --code {params.code} --errors {input.errors} --metrics {input.metrics}"
        " --output {output.page} 2> {log}"
