# The chain: mix → finetune → generate → evaluate, once a generation. Reads <corpus> and <base>; writes <text>/<place>/…
# and the tables of all arms. Large files are inputs as ancient, and small manifests decide what runs again, because
# Snakemake compares only small files by content. With several shards, generate is several jobs, and join_shards joins
# their files. Arms share training sets, models, texts and scores until they differ (pipeline/layout/text_chain.py).
TEXT_CHAIN = TextChain(config, f"{RESULTS}/text")
SHARDS = config["text"]["generate"]["shards"]
WHOLE = ["<text>/<place>/synthetic.parquet", "<text>/<place>/synthetic.manifest.json"]
SHARD = ["<text>/<place>/shard{shard}.parquet", "<text>/<place>/shard{shard}.manifest.json"]
WRITTEN = WHOLE if SHARDS == 1 else temp(SHARD)
PART = "generate" if SHARDS == 1 else "shard{shard}/generate"

if workflow.is_main_process and "text" in PARTS:
    print(f"text: {TEXT_CHAIN.jobs_shared()}.", file=sys.stderr)


rule text:
    input:
        [
            *expand("{folder}/manifest.json", folder=TEXT_CHAIN.links()),
            "<corpus>/validation.manifest.json",
            "<text>/summary.csv",
            "<text>/profile.csv",
            *(
                expand("<text>/questions/{question}/{table}.csv", question=QUESTIONS, table=["comparisons", "profile"])
                or ["<text>/comparisons.csv"]
            ),
        ]
        if "text" in PARTS
        else [],


rule mix:
    input:
        human=ancient("<corpus>/train.parquet"),
        corpus="<corpus>/train.manifest.json",
        synthetic=ancient(lambda wildcards: [f"{link}/synthetic.parquet" for link in TEXT_CHAIN.earlier(wildcards)]),
        manifests=lambda wildcards: [f"{link}/synthetic.manifest.json" for link in TEXT_CHAIN.earlier(wildcards)],
        base=file_of("manifest.json", TEXT_CHAIN.detecting),
    output:
        training_set="<text>/<place>/training.parquet",
        manifest="<text>/<place>/training.manifest.json",
    log:
        "<logs>/mix/<place>.log",
        benchmark="<timings>/text/<place>/mix.json",
    group:
        "training{generation}"
    conda:
        "../../envs/language-model.yaml"
    resources:
        **NEEDS.resources(),
    params:
        place=place_flags,
        options=TEXT_CHAIN.mix_options,
        code=code("mix"),
        corpus=subpath(input.corpus, parent=True),
    shell:
        "python -m scripts mix {params.place} {params.options}"
        " --code {params.code} --benchmark {log.benchmark} --corpus {params.corpus}"
        " --output {output.training_set} --manifest {output.manifest} 2> {log[0]}"


rule finetune:
    input:
        training_set=ancient(file_of("training.parquet", TEXT_CHAIN.training)),
        manifest=file_of("training.manifest.json", TEXT_CHAIN.training),
        base=ancient(file_of("model.safetensors", TEXT_CHAIN.start_model)),
        base_manifest=file_of("manifest.json", TEXT_CHAIN.start_model),
        validation=ancient(file_of("validation.parquet", TEXT_CHAIN.selecting)),
        validation_manifest=file_of("validation.manifest.json", TEXT_CHAIN.selecting),
    output:
        model="<text>/<place>/model/model.safetensors",
        config="<text>/<place>/model/config.json",
        manifest="<text>/<place>/model/manifest.json",
    log:
        "<logs>/finetune/<place>.log",
        benchmark="<timings>/text/<place>/finetune.json",
    group:
        "training{generation}"
    conda:
        "../../envs/language-model.yaml"
    threads: config["threads"]
    resources:  # a changed resource reruns nothing; text, because Snakemake truncates numbers to integers
        **NEEDS.resources(),
        **gpus.resources(config, "finetune"),
        checkpoint_minutes=str(config["text"]["finetune"]["checkpoint_minutes"]),
        memory_gigabytes=str(config["memory_gigabytes"]),
    params:
        place=place_flags,
        command=TEXT_CHAIN.finetune_command(),
        options=TEXT_CHAIN.finetune_options,
        made_by=made_by(training=TEXT_CHAIN.training, start=TEXT_CHAIN.start),
        code=code("finetune"),
        base=subpath(input.base_manifest, parent=True),
        folder=subpath(output.manifest, parent=True),
        checkpoint=f"{CHECKPOINTS}/{{arm}}/seed{{seed}}/generation{{generation}}.safetensors",
    shell:
        "{params.command} {params.place} {params.options} {params.made_by} --code {params.code}"
        " --benchmark {log.benchmark} --training-set {input.training_set} --base {params.base}"
        " --output {params.folder} --checkpoint {params.checkpoint}"
        " --checkpoint-minutes {resources.checkpoint_minutes} --memory-gigabytes {resources.memory_gigabytes}"
        " 2> {log[0]}"


rule generate:
    input:
        model=ancient(file_of("model/model.safetensors", TEXT_CHAIN.model)),
        manifest=file_of("model/manifest.json", TEXT_CHAIN.model),
        human=ancient("<corpus>/train.parquet"),
        corpus="<corpus>/train.manifest.json",
        previous=ancient(file_of("synthetic.parquet", TEXT_CHAIN.previous)),
        previous_manifest=file_of("synthetic.manifest.json", TEXT_CHAIN.previous),
        generation0=ancient(file_of("model/model.safetensors", TEXT_CHAIN.reference)),
        generation0_manifest=file_of("model/manifest.json", TEXT_CHAIN.reference),
        validation=ancient(file_of("validation.parquet", TEXT_CHAIN.judging)),
        validation_manifest=file_of("validation.manifest.json", TEXT_CHAIN.judging),
    output:
        synthetic=WRITTEN[0],
        manifest=WRITTEN[1],
    log:
        f"<logs>/{PART}/<place>.log",
        benchmark=f"<timings>/text/<place>/{PART}.json",
    conda:
        "../../envs/language-model.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
        **gpus.resources(config, "generate"),
        memory_gigabytes=str(config["memory_gigabytes"]),
    params:
        place=place_flags,
        options=TEXT_CHAIN.decoder_options,
        sources=TEXT_CHAIN.text_sources,
        shard=TEXT_CHAIN.shard_options,
        code=code("generate"),
        model=subpath(input.manifest, parent=True),
        corpus=subpath(input.corpus, parent=True),
    shell:
        "python -m scripts generate {params.place} {params.options} {params.sources} {params.shard}"
        " --code {params.code} --benchmark {log.benchmark}"
        " --model {params.model} --corpus {params.corpus} --memory-gigabytes {resources.memory_gigabytes}"
        " --output {output.synthetic} --manifest {output.manifest} 2> {log[0]}"


if SHARDS > 1:

    rule join_shards:
        input:
            shards=expand(SHARD[0], shard=range(1, SHARDS + 1), allow_missing=True),
            manifests=expand(SHARD[1], shard=range(1, SHARDS + 1), allow_missing=True),
            model=file_of("model/manifest.json", TEXT_CHAIN.model),
            corpus="<corpus>/train.manifest.json",
            previous=file_of("synthetic.manifest.json", TEXT_CHAIN.previous),
            generation0=file_of("model/manifest.json", TEXT_CHAIN.reference),
            validation=file_of("validation.manifest.json", TEXT_CHAIN.judging),
        output:
            synthetic=WHOLE[0],
            manifest=WHOLE[1],
        log:
            "<logs>/join_shards/<place>.log",
            benchmark="<timings>/text/<place>/join_shards.json",
        group:
            "evaluation{generation}"
        conda:
            "../../envs/language-model.yaml"
        resources:
            **NEEDS.resources(),
        params:
            place=place_flags,
            options=TEXT_CHAIN.decoder_options,
            sources=TEXT_CHAIN.text_sources,
            code=code("generate"),  # for the manifest, as if one job had written the text
            own_code=code("join_shards"),
            model=subpath(input.model, parent=True),
            corpus=subpath(input.corpus, parent=True),
        shell:
            "python -m scripts join_shards {params.place} {params.options} {params.sources}"
            " --code {params.code} --benchmark {log.benchmark} --model {params.model}"
            " --corpus {params.corpus} --shards {input.shards} --output {output.synthetic}"
            " --manifest {output.manifest} 2> {log[0]}"


rule evaluate:
    input:
        model=ancient(file_of("model/model.safetensors", TEXT_CHAIN.model)),
        model_manifest=file_of("model/manifest.json", TEXT_CHAIN.model),
        generation0=ancient(file_of("model/model.safetensors", TEXT_CHAIN.generation0)),
        generation0_manifest=file_of("model/manifest.json", TEXT_CHAIN.generation0),
        synthetic=ancient(file_of("synthetic.parquet", TEXT_CHAIN.text)),
        synthetic_manifest=file_of("synthetic.manifest.json", TEXT_CHAIN.text),
        corpus=ancient(multiext("<corpus>/", "train.parquet", "test.parquet")),
        corpus_manifest=multiext("<corpus>/", "train.manifest.json", "test.manifest.json"),
        passage="<corpus>/passage.json",
        tokenizer=ancient(f"{TOKENIZER}/tokenizer.json"),
    output:
        scores="<text>/<place>/scores.parquet",
        metrics="<text>/<place>/metrics.json",
        manifest="<text>/<place>/manifest.json",
    log:
        "<logs>/evaluate/<place>.log",
        benchmark="<timings>/text/<place>/evaluate.json",
    group:
        "evaluation{generation}"
    conda:
        "../../envs/language-model.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
        **gpus.resources(config, "evaluate"),
        memory_gigabytes=str(config["memory_gigabytes"]),
    params:
        place=place_flags,
        options=TEXT_CHAIN.evaluate_options(),
        decoder=TEXT_CHAIN.decoder_options,
        made_by=made_by(model=TEXT_CHAIN.model, generation0=TEXT_CHAIN.generation0, text=TEXT_CHAIN.text),
        code=code("evaluate"),
        model=subpath(input.model_manifest, parent=True),
        generation0=subpath(input.generation0_manifest, parent=True),
        corpus=subpath(input.passage, parent=True),
    shell:
        "python -m scripts evaluate {params.place} {params.options} {params.decoder} {params.made_by}"
        " --code {params.code} --benchmark {log.benchmark}"
        " --model {params.model} --generation0-model {params.generation0} --synthetic {input.synthetic}"
        " --corpus {params.corpus}"
        " --tokenizer {input.tokenizer} --scores {output.scores} --metrics {output.metrics}"
        " --memory-gigabytes {resources.memory_gigabytes} --manifest {output.manifest} 2> {log[0]}"


rule summarize:
    input:
        expand("{folder}/manifest.json", folder=TEXT_CHAIN.links()),
        ancient(expand("{folder}/{name}", folder=TEXT_CHAIN.links(), name=["metrics.json", "scores.parquet"])),
    output:
        summary="<text>/summary.csv",
        intervals="<text>/intervals.csv",
        continuations="<text>/continuations.csv",
        block_perplexity="<text>/block_perplexity.csv",
        by_arm=expand("<text>/{measure}_by_arm.csv", measure=BY_ARM),
        metrics="<text>/metrics.json",
    log:
        "<logs>/summarize.log",
        benchmark="<timings>/summarize.json",
    group:
        "tables"
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        **runs("summarize"),
        options=TEXT_CHAIN.summary_options(),
    shell:
        "python -m scripts {params.script} {params.options} --code {params.code}"
        " --benchmark {log.benchmark} 2> {log[0]}"
