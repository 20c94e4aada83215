# Autoencoders of images: train_vae → evaluate_vae, once a generation. Each trains on images of the generation before.
# Reads real images; writes <vae>: the chain of each method, tables and three figures.
VAE_CHAIN = VaeChain(config, f"{RESULTS}/vae")


pathvars:
    vae=f"{RESULTS}/vae",
    vae_place="{method}/seed{seed}/generation{generation}",


wildcard_constraints:
    method="[a-z_]+",


rule prepare_images:
    output:
        images=multiext("<vae>/images/", "train.parquet", "test.parquet"),
        train="<vae>/images/train.manifest.json",
        test="<vae>/images/test.manifest.json",
    log:
        "<logs>/prepare_images.log",
        benchmark="<timings>/prepare_images.json",
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
        model="<vae>/classifier/model.safetensors",
        manifest="<vae>/classifier/manifest.json",
    log:
        "<logs>/train_classifier.log",
        benchmark="<timings>/train_classifier.json",
    conda:
        "../../envs/images.yaml"
    threads: config["threads"]
    resources:
        **NEEDS.resources(),
    params:
        **runs("train_classifier"),
        place=place_flags,
        options=VAE_CHAIN.classifier_options(),
        folders=lambda _, input: flags(images=folder_of(input.train)),
        folder=subpath(output.manifest, parent=True),
    shell:
        "python -m scripts {params.script} {params.place} {params.options} {params.folders} --code {params.code}"
        " --benchmark {log.benchmark} --output {params.folder} 2> {log[0]}"


use rule train_classifier as train_vae with:
    input:
        images=ancient("<vae>/images/train.parquet"),
        train=rules.prepare_images.output.train,
        previous=ancient(lambda wildcards: [f"{folder}/model.safetensors" for folder in VAE_CHAIN.previous(wildcards)]),
        previous_manifest=lambda wildcards: [f"{folder}/manifest.json" for folder in VAE_CHAIN.previous(wildcards)],
    output:
        model="<vae>/<vae_place>/model/model.safetensors",
        manifest="<vae>/<vae_place>/model/manifest.json",
    log:
        "<logs>/train_vae/<vae_place>.log",
        benchmark="<timings>/vae/<vae_place>/train_vae.json",
    params:
        **runs("train_vae"),
        options=VAE_CHAIN.train_options,


use rule train_classifier as evaluate_vae with:
    input:
        model=ancient(rules.train_vae.output.model),
        model_manifest=rules.train_vae.output.manifest,
        generation0=ancient(lambda wildcards: f"{VAE_CHAIN.first(wildcards)}/model.safetensors"),
        generation0_manifest=lambda wildcards: f"{VAE_CHAIN.first(wildcards)}/manifest.json",
        classifier=ancient(rules.train_classifier.output.model),
        classifier_manifest=rules.train_classifier.output.manifest,
        images=ancient(rules.prepare_images.output.images),
        train=rules.prepare_images.output.train,
        test=rules.prepare_images.output.test,
    output:
        images="<vae>/<vae_place>/images.parquet",
        latents="<vae>/<vae_place>/latents.csv",
        metrics="<vae>/<vae_place>/metrics.json",
        manifest="<vae>/<vae_place>/manifest.json",
    log:
        "<logs>/evaluate_vae/<vae_place>.log",
        benchmark="<timings>/vae/<vae_place>/evaluate_vae.json",
    params:
        **runs("evaluate_vae"),
        options=VAE_CHAIN.evaluate_options(),
        folders=lambda _, input: flags(
            model=folder_of(input.model),
            generation0_model=folder_of(input.generation0),
            classifier=folder_of(input.classifier),
            real=folder_of(input.train),
        ),


use rule summarize as summarize_vae with:
    input:
        expand("{folder}/manifest.json", folder=VAE_CHAIN.links()),
        ancient(expand("{folder}/{name}", folder=VAE_CHAIN.links(), name=["metrics.json", "latents.csv"])),
    output:
        summary="<vae>/summary.csv",
        intervals="<vae>/intervals.csv",
        latents="<vae>/latents.csv",
        metrics="<vae>/metrics.json",
    log:
        "<logs>/summarize_vae.log",
        benchmark="<timings>/summarize_vae.json",
    group:
        "vae"
    params:
        **runs("summarize_vae"),
        options=VAE_CHAIN.summary_options(),


use rule plot_tails as plot_vae_images with:
    input:
        manifests=expand("{folder}/manifest.json", folder=VAE_CHAIN.drawn_links()),
        images=ancient(expand("{folder}/images.parquet", folder=VAE_CHAIN.drawn_links())),
        intervals=rules.summarize_vae.output.intervals,
    output:
        **figure("Random latents by generation", "vae_images.svg", "Variational autoencoder"),
    log:
        "<logs>/plot_vae_images.log",
    group:
        "vae"
    params:
        **runs("plot_vae_images"),
        options=VAE_CHAIN.picture_options(),
        inputs=lambda _, input: flags(intervals=input.intervals),


use rule plot_tails as plot_vae_latents with:
    input:
        latents=rules.summarize_vae.output.latents,
        intervals=rules.summarize_vae.output.intervals,
    output:
        **figure("Latent means by generation", "vae_latents.svg", "Variational autoencoder"),
    log:
        "<logs>/plot_vae_latents.log",
    group:
        "vae"
    params:
        **runs("plot_vae_latents"),
        options=flags(generation=VAE_CHAIN.drawn_generations()),


use rule plot_perplexity as plot_vae_spread with:
    input:
        summary=rules.summarize_vae.output.summary,
        intervals=rules.summarize_vae.output.intervals,
    output:
        **figure("Spread, distance and classes", "vae_spread.svg", "Variational autoencoder"),
    log:
        "<logs>/plot_vae_spread.log",
    group:
        "vae"
    params:
        **runs("plot_vae_spread"),
