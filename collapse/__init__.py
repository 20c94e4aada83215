"""The science of recursive training, importable: no command lines, no configuration, no paths of the results tree."""
