# What the tables say, for all arms or for those of each question: arms compared, trends and onset; the model-collapse
# profile; and both drawn.
rule select_arms:
    input:
        rules.summarize.output.summary,
        rules.summarize.output.intervals,
        rules.summarize.output.block_perplexity,
        rules.summarize.output.continuations,
    output:
        expand(
            f"{TEXT}/questions/{{{{name}}}}/{{table}}.csv",
            table=["summary", "intervals", "block_perplexity", "continuations"],
        ),
    log:
        f"logs/{config['experiment']}/select_arms/{{name}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda wildcards: flags(arm=config["text"]["questions"][wildcards.name]["arms"]),
        code=code("select_arms"),
        tables=subpath(input[0], parent=True),
        folder=subpath(output[0], parent=True),
    shell:
        "python -m scripts select_arms {params.options} --code {params.code} --tables {params.tables}"
        " --output {params.folder} 2> {log}"


rule compare_arms:
    input:
        f"{TEXT}{{question}}/summary.csv",
    output:
        comparisons=f"{TEXT}{{question}}/comparisons.csv",
        trends=f"{TEXT}{{question}}/trends.csv",
        onset=f"{TEXT}{{question}}/onset.csv",
    log:
        f"logs/{config['experiment']}/compare_arms{{question}}.log",
        benchmark=timings("compare_arms{question}"),
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda wildcards: flags(
            measure=config["text"]["statistics"]["measures"],
            compared=config["text"]["statistics"]["compared"],
            reference=reference(wildcards),
            permutations=config["text"]["statistics"]["permutations"],
            interval=config["text"]["statistics"]["interval"],
            confidence=config["text"]["summary"]["confidence"],
            resamples=config["text"]["summary"]["resamples"],
        ),
        code=code("compare_arms"),
    shell:
        "python -m scripts compare_arms {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --summary {input} --comparisons {output.comparisons} --trends {output.trends} --onset {output.onset}"
        " 2> {log[0]}"


rule judge_arms:
    input:
        f"{TEXT}{{question}}/summary.csv",
    output:
        profile=f"{TEXT}{{question}}/profile.csv",
        json=f"{TEXT}{{question}}/profile.json",
    log:
        f"logs/{config['experiment']}/judge_arms{{question}}.log",
        benchmark=timings("judge_arms{question}"),
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(
            rules=json.dumps(config["text"]["profile"], sort_keys=True),
            interval=config["text"]["statistics"]["interval"],
            confidence=config["text"]["summary"]["confidence"],
            resamples=config["text"]["summary"]["resamples"],
        ),
        code=code("judge_arms"),
    shell:
        "python -m scripts judge_arms {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --summary {input} --profile {output.profile} --json {output.json} 2> {log[0]}"


rule plot_profile:
    input:
        rules.judge_arms.output.profile,
    output:
        f"{FIGURES}{{question}}/profile.png",
        caption=f"{FIGURES}{{question}}/profile.rst",
        svg=asked("Verdicts by eight definitions", "profile.svg", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/plot_profile{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_profile"),
    shell:
        "python -m scripts plot_profile {params.options} --code {params.code} --profile {input}"
        " --output {output.svg} 2> {log}"


rule table_profile:
    input:
        rules.judge_arms.output.profile,
    output:
        caption=f"{FIGURES}{{question}}/profile_table.rst",
        page=asked("Verdicts and the rules that decided", "profile_table.html", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/table_profile{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        code=code("table_profile"),
    shell:
        "python -m scripts table_profile --code {params.code} --profile {input} --output {output.page} 2> {log}"


rule plot_onset:
    input:
        rules.compare_arms.output.onset,
    output:
        f"{FIGURES}{{question}}/onset.png",
        caption=f"{FIGURES}{{question}}/onset.rst",
        svg=asked("Which measure sees collapse first", "onset.svg", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/plot_onset{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_onset"),
    shell:
        "python -m scripts plot_onset {params.options} --code {params.code} --onset {input}"
        " --output {output.svg} 2> {log}"


rule table_comparisons:
    input:
        summary=f"{TEXT}{{question}}/summary.csv",
        comparisons=rules.compare_arms.output.comparisons,
        trends=rules.compare_arms.output.trends,
    output:
        caption=f"{FIGURES}{{question}}/comparisons.rst",
        page=asked("Comparisons between arms and trends", "comparisons.html", "Model-collapse profile"),
    log:
        f"logs/{config['experiment']}/table_comparisons{{question}}.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("table_comparisons"),
    shell:
        "python -m scripts table_comparisons {params.options} --code {params.code} --summary {input.summary}"
        " --comparisons {input.comparisons} --trends {input.trends} --output {output.page} 2> {log}"
