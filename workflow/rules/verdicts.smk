# Statistics of the text. Reads <text>/summary.csv and its companions; writes comparisons between arms, trends, onset, and
# verdicts by each definition of collapse, for all arms or for the arms of each question.
rule select_arms:
    input:
        rules.summarize.output.summary,
        rules.summarize.output.intervals,
        rules.summarize.output.block_perplexity,
        rules.summarize.output.continuations,
    output:
        multiext(
            "<text>/questions/{name}/",
            "summary.csv",
            "intervals.csv",
            "block_perplexity.csv",
            "continuations.csv",
        ),
    log:
        "<logs>/select_arms/{name}.log",
    group:
        "tables"
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
        summary="<text>{question}/summary.csv",
    output:
        comparisons="<text>{question}/comparisons.csv",
        trends="<text>{question}/trends.csv",
        onset="<text>{question}/onset.csv",
    log:
        "<logs>/compare_arms{question}.log",
        benchmark="<timings>/compare_arms{question}.json",
    group:
        "tables"
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        **runs("compare_arms"),
        options=lambda wildcards: flags(
            measure=config["text"]["statistics"]["measures"],
            compared=config["text"]["statistics"]["compared"],
            reference=reference(wildcards),
            permutations=config["text"]["statistics"]["permutations"],
            interval=config["text"]["statistics"]["interval"],
            confidence=config["text"]["summary"]["confidence"],
            resamples=config["text"]["summary"]["resamples"],
        ),
        inputs=input_flags,
        outputs=output_flags,
    shell:
        "python -m scripts {params.script} {params.options} {params.inputs} {params.outputs} --code {params.code}"
        " --benchmark {log.benchmark} 2> {log[0]}"


use rule compare_arms as judge_arms with:
    output:
        profile="<text>{question}/profile.csv",
        json="<text>{question}/profile.json",
    log:
        "<logs>/judge_arms{question}.log",
        benchmark="<timings>/judge_arms{question}.json",
    params:
        **runs("judge_arms"),
        options=flags(
            rules=json.dumps(config["text"]["profile"], sort_keys=True),
            interval=config["text"]["statistics"]["interval"],
            confidence=config["text"]["summary"]["confidence"],
            resamples=config["text"]["summary"]["resamples"],
        ),
