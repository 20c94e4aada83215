# The chain: mix → finetune → generate → evaluate, once a generation; small manifests are its edges, since Snakemake
# compares the content of small files and only the time of large ones, which ride along as ancient.
TEXT = f"{RESULTS}/text"
PLACE = f"{TEXT}/{{arm}}/seed{{seed}}/generation{{generation}}"
LOG = f"logs/{config['experiment']}/{{rule}}/{{{{arm}}}}/seed{{{{seed}}}}/generation{{{{generation}}}}.log"
PLACE_FLAGS = "--arm {wildcards.arm} --seed {wildcards.seed} --generation {wildcards.generation}"
TEXT_CHAIN = Chain(config, TEXT)


rule text:
    input:
        [
            *expand("{folder}/manifest.json", folder=TEXT_CHAIN.links()),
            f"{RESULTS}/corpus/validation.manifest.json",
            f"{TEXT}/summary.csv",
        ]
        if "text" in PARTS
        else [],


rule mix:
    input:
        human=ancient(f"{RESULTS}/corpus/train.parquet"),
        corpus=f"{RESULTS}/corpus/train.manifest.json",
        synthetic=ancient(lambda wildcards: [f"{one}/synthetic.parquet" for one in TEXT_CHAIN.earlier(wildcards)]),
        manifests=lambda wildcards: [f"{one}/synthetic.manifest.json" for one in TEXT_CHAIN.earlier(wildcards)],
    output:
        training_set=f"{PLACE}/training.parquet",
        manifest=f"{PLACE}/training.manifest.json",
    log:
        LOG.format(rule="mix"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/mix"),
    conda:
        "../../envs/language-model.yaml"
    params:
        options=TEXT_CHAIN.mix_options,
        code=code("mix"),
        corpus=subpath(input.corpus, parent=True),
    shell:
        f"python -m scripts mix {PLACE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --corpus {params.corpus}"
        " --output {output.training_set} --manifest {output.manifest} 2> {log[0]}"


rule finetune:
    input:
        training_set=ancient(rules.mix.output.training_set),
        manifest=rules.mix.output.manifest,
        base=ancient(expand(f"{RESULTS}/base/{{file}}", file=["model.safetensors", "config.json"])),
        base_manifest=f"{RESULTS}/base/manifest.json",
    output:
        model=f"{PLACE}/model/model.safetensors",
        config=f"{PLACE}/model/config.json",
        manifest=f"{PLACE}/model/manifest.json",
    log:
        LOG.format(rule="finetune"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/finetune"),
    conda:
        "../../envs/language-model.yaml"
    threads: config["threads"]
    params:
        options=TEXT_CHAIN.finetune_options,
        code=code("finetune"),
        base=subpath(input.base_manifest, parent=True),
        folder=subpath(output.manifest, parent=True),
    shell:
        f"python -m scripts finetune {PLACE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --training-set {input.training_set}"
        " --base {params.base} --output {params.folder} 2> {log[0]}"


rule generate:
    input:
        model=ancient(rules.finetune.output.model),
        manifest=rules.finetune.output.manifest,
        prompts=ancient(f"{RESULTS}/corpus/train.parquet"),
        corpus=f"{RESULTS}/corpus/train.manifest.json",
    output:
        synthetic=f"{PLACE}/synthetic.parquet",
        manifest=f"{PLACE}/synthetic.manifest.json",
    log:
        LOG.format(rule="generate"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/generate"),
    conda:
        "../../envs/language-model.yaml"
    threads: config["threads"]
    params:
        options=TEXT_CHAIN.decoder_options(),
        code=code("generate"),
        model=subpath(input.manifest, parent=True),
        corpus=subpath(input.corpus, parent=True),
    shell:
        f"python -m scripts generate {PLACE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --model {params.model}"
        " --corpus {params.corpus} --output {output.synthetic} --manifest {output.manifest} 2> {log[0]}"


rule evaluate:
    input:
        model=ancient(rules.finetune.output.model),
        model_manifest=rules.finetune.output.manifest,
        generation0=ancient(lambda wildcards: f"{TEXT_CHAIN.first(wildcards)}/model/model.safetensors"),
        generation0_manifest=lambda wildcards: f"{TEXT_CHAIN.first(wildcards)}/model/manifest.json",
        synthetic=ancient(rules.generate.output.synthetic),
        synthetic_manifest=rules.generate.output.manifest,
        corpus=ancient(expand(f"{RESULTS}/corpus/{{split}}.parquet", split=["train", "test"])),
        corpus_manifest=expand(f"{RESULTS}/corpus/{{split}}.manifest.json", split=["train", "test"]),
        passage=f"{RESULTS}/corpus/passage.json",
        tokenizer=ancient(f"{TOKENIZER}/tokenizer.json"),
    output:
        scores=f"{PLACE}/scores.parquet",
        metrics=f"{PLACE}/metrics.json",
        manifest=f"{PLACE}/manifest.json",
    log:
        LOG.format(rule="evaluate"),
        benchmark=timings("text/{arm}/seed{seed}/generation{generation}/evaluate"),
    conda:
        "../../envs/language-model.yaml"
    threads: config["threads"]
    params:
        options=flags(**config["text"]["evaluate"]),
        decoder=TEXT_CHAIN.decoder_options(),
        code=code("evaluate"),
        model=subpath(input.model_manifest, parent=True),
        generation0=subpath(input.generation0_manifest, parent=True),
        corpus=subpath(input.passage, parent=True),
    shell:
        f"python -m scripts evaluate {PLACE_FLAGS}"
        " {params.options} {params.decoder} --code {params.code} --benchmark {log.benchmark} --model {params.model}"
        " --generation0-model {params.generation0} --synthetic {input.synthetic} --corpus {params.corpus}"
        " --tokenizer {input.tokenizer} --scores {output.scores} --metrics {output.metrics}"
        " --manifest {output.manifest} 2> {log[0]}"


rule summarize:
    input:
        expand("{folder}/manifest.json", folder=TEXT_CHAIN.links()),
        ancient(expand("{folder}/{name}", folder=TEXT_CHAIN.links(), name=["metrics.json", "scores.parquet"])),
    output:
        summary=f"{TEXT}/summary.csv",
        intervals=f"{TEXT}/intervals.csv",
        continuations=f"{TEXT}/continuations.csv",
        block_perplexity=f"{TEXT}/block_perplexity.csv",
        by_arm=expand(f"{TEXT}/{{measure}}_by_arm.csv", measure=["perplexity", "distinct_4"]),
        metrics=f"{TEXT}/metrics.json",
    log:
        f"logs/{config['experiment']}/summarize.log",
        benchmark=timings("summarize"),
    conda:
        "../../envs/report.yaml"
    params:
        options=TEXT_CHAIN.summary_options(),
        code=code("summarize"),
    shell:
        "python -m scripts summarize {params.options} --code {params.code} --benchmark {log.benchmark} 2> {log[0]}"
