# Autoencoders of images: train_vae → evaluate_vae, once a generation, each trained on what the one before it makes.
VAE = f"{RESULTS}/vae"
VAE_PLACE = f"{VAE}/{{method}}/seed{{seed}}/generation{{generation}}"
VAE_LOG = f"logs/{config['experiment']}/{{rule}}/{{{{method}}}}/seed{{{{seed}}}}/generation{{{{generation}}}}.log"
VAE_FLAGS = "--method {wildcards.method} --seed {wildcards.seed} --generation {wildcards.generation}"
VAE_CHAIN = VaeChain(config, VAE)


wildcard_constraints:
    method="[a-z_]+",


rule prepare_images:
    output:
        images=expand(f"{VAE}/images/{{split}}.parquet", split=["train", "test"]),
        train=f"{VAE}/images/train.manifest.json",
        test=f"{VAE}/images/test.manifest.json",
    log:
        f"logs/{config['experiment']}/prepare_images.log",
        benchmark=timings("prepare_images"),
    localrule: True
    conda:
        "../../envs/images.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=lambda _: image_options(config),
        images=hashes(image_files(config)),
        code=code("prepare_images"),
        folder=subpath(output.train, parent=True),
    shell:
        "python -m scripts prepare_images {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --output {params.folder} 2> {log[0]}"


rule train_classifier:
    input:
        images=ancient(rules.prepare_images.output.images),
        train=rules.prepare_images.output.train,
        test=rules.prepare_images.output.test,
    output:
        model=f"{VAE}/classifier/model.safetensors",
        manifest=f"{VAE}/classifier/manifest.json",
    log:
        f"logs/{config['experiment']}/train_classifier.log",
        benchmark=timings("train_classifier"),
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
    params:
        options=VAE_CHAIN.classifier_options(),
        code=code("train_classifier"),
        images=subpath(input.train, parent=True),
        folder=subpath(output.manifest, parent=True),
    shell:
        "python -m scripts train_classifier {params.options} --code {params.code} --benchmark {log.benchmark}"
        " --images {params.images} --output {params.folder} 2> {log[0]}"


rule train_vae:
    input:
        images=ancient(f"{VAE}/images/train.parquet"),
        images_manifest=rules.prepare_images.output.train,
        previous=ancient(lambda wildcards: [f"{one}/model/model.safetensors" for one in VAE_CHAIN.previous(wildcards)]),
        previous_manifest=lambda wildcards: [f"{one}/model/manifest.json" for one in VAE_CHAIN.previous(wildcards)],
    output:
        model=f"{VAE_PLACE}/model/model.safetensors",
        manifest=f"{VAE_PLACE}/model/manifest.json",
    log:
        VAE_LOG.format(rule="train_vae"),
        benchmark=timings("vae/{method}/seed{seed}/generation{generation}/train_vae"),
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
    params:
        options=VAE_CHAIN.train_options,
        code=code("train_vae"),
        images=subpath(input.images_manifest, parent=True),
        folder=subpath(output.manifest, parent=True),
    shell:
        f"python -m scripts train_vae {VAE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --images {params.images}"
        " --output {params.folder} 2> {log[0]}"


rule evaluate_vae:
    input:
        model=ancient(rules.train_vae.output.model),
        model_manifest=rules.train_vae.output.manifest,
        generation0=ancient(lambda wildcards: f"{VAE_CHAIN.first(wildcards)}/model/model.safetensors"),
        generation0_manifest=lambda wildcards: f"{VAE_CHAIN.first(wildcards)}/model/manifest.json",
        classifier=ancient(rules.train_classifier.output.model),
        classifier_manifest=rules.train_classifier.output.manifest,
        images=ancient(rules.prepare_images.output.images),
        train=rules.prepare_images.output.train,
        test=rules.prepare_images.output.test,
    output:
        images=f"{VAE_PLACE}/images.parquet",
        latents=f"{VAE_PLACE}/latents.csv",
        metrics=f"{VAE_PLACE}/metrics.json",
        manifest=f"{VAE_PLACE}/manifest.json",
    log:
        VAE_LOG.format(rule="evaluate_vae"),
        benchmark=timings("vae/{method}/seed{seed}/generation{generation}/evaluate_vae"),
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
    params:
        options=VAE_CHAIN.evaluate_options(),
        code=code("evaluate_vae"),
        model=subpath(input.model_manifest, parent=True),
        generation0=subpath(input.generation0_manifest, parent=True),
        classifier=subpath(input.classifier_manifest, parent=True),
        images=subpath(input.test, parent=True),
        folder=subpath(output.manifest, parent=True),
    shell:
        f"python -m scripts evaluate_vae {VAE_FLAGS}"
        " {params.options} --code {params.code} --benchmark {log.benchmark} --model {params.model}"
        " --generation0-model {params.generation0} --classifier {params.classifier} --real {params.images}"
        " --output {params.folder} 2> {log[0]}"


rule summarize_vae:
    input:
        expand("{folder}/manifest.json", folder=VAE_CHAIN.links()),
        ancient(expand("{folder}/{name}", folder=VAE_CHAIN.links(), name=["metrics.json", "latents.csv"])),
    output:
        summary=f"{VAE}/summary.csv",
        intervals=f"{VAE}/intervals.csv",
        latents=f"{VAE}/latents.csv",
        metrics=f"{VAE}/metrics.json",
    log:
        f"logs/{config['experiment']}/summarize_vae.log",
        benchmark=timings("summarize_vae"),
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=VAE_CHAIN.summary_options(),
        code=code("summarize_vae"),
    shell:
        "python -m scripts summarize_vae {params.options} --code {params.code} --benchmark {log.benchmark} 2> {log[0]}"


rule plot_vae_images:
    input:
        manifests=expand("{folder}/manifest.json", folder=VAE_CHAIN.pictures()),
        images=ancient(expand("{folder}/images.parquet", folder=VAE_CHAIN.pictures())),
        intervals=rules.summarize_vae.output.intervals,
    output:
        multiext(f"{FIGURES}/vae_images", ".png", ".rst"),
        svg=shown("Random latents by generation", "vae_images.svg", "Variational autoencoder"),
    log:
        f"logs/{config['experiment']}/plot_vae_images.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=VAE_CHAIN.picture_options(),
        code=code("plot_vae_images"),
    shell:
        "python -m scripts plot_vae_images {params.options} --code {params.code} --intervals {input.intervals}"
        " --output {output.svg} 2> {log}"


rule plot_vae_latents:
    input:
        latents=rules.summarize_vae.output.latents,
        intervals=rules.summarize_vae.output.intervals,
    output:
        multiext(f"{FIGURES}/vae_latents", ".png", ".rst"),
        svg=shown("Latent means by generation", "vae_latents.svg", "Variational autoencoder"),
    log:
        f"logs/{config['experiment']}/plot_vae_latents.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(generation=VAE_CHAIN.shown()),
        code=code("plot_vae_latents"),
    shell:
        "python -m scripts plot_vae_latents {params.options} --code {params.code} --latents {input.latents}"
        " --intervals {input.intervals} --output {output.svg} 2> {log}"


rule plot_vae_spread:
    input:
        summary=rules.summarize_vae.output.summary,
        intervals=rules.summarize_vae.output.intervals,
    output:
        multiext(f"{FIGURES}/vae_spread", ".png", ".rst"),
        svg=shown("Spread, distance and classes", "vae_spread.svg", "Variational autoencoder"),
    log:
        f"logs/{config['experiment']}/plot_vae_spread.log",
    conda:
        "../../envs/report.yaml"
    resources:
        **NEEDS.resources(),
    params:
        options=flags(confidence=config["text"]["summary"]["confidence"]),
        code=code("plot_vae_spread"),
    shell:
        "python -m scripts plot_vae_spread {params.options} --code {params.code} --summary {input.summary}"
        " --intervals {input.intervals} --output {output.svg} 2> {log}"
