"""Renders the kustomizations of deploy/kubernetes where there is no kustomize, as on a fresh Debian.

It knows the fields that those use, in the order in which kustomize heeds them, and refuses every other one. Where there
is a kubectl that is new enough, a test compares the two.
"""

import copy
import re
from pathlib import Path

import yaml

FIELDS = {
    "apiVersion", "kind", "namespace", "resources", "components", "generatorOptions", "configMapGenerator", "patches",
    "replicas", "images", "replacements",
}
NO_SUFFIX = {"disableNameSuffixHash": True}


def documents(path):
    """What a YAML file holds."""
    return [document for document in yaml.safe_load_all(Path(path).read_text()) if document]


def render(directory, objects=()):
    """All objects of a kustomization; of a component, with those that it is added to."""
    directory = Path(directory)
    [said] = documents(directory / "kustomization.yaml")
    assert said.keys() <= FIELDS, f"{directory}: not known here: {said.keys() - FIELDS}"
    objects = copy.deepcopy(list(objects))
    for resource in said.get("resources", []):
        objects += render(directory / resource) if (directory / resource).is_dir() else documents(directory / resource)
    for component in said.get("components") or []:
        objects = render(directory / component, objects)
    for generated in said.get("configMapGenerator", []):
        _config_map(objects, **{"options": said.get("generatorOptions")} | generated)
    for patch in said.get("patches", []):
        for found in select(objects, **patch["target"]):
            for change in yaml.safe_load(patch["patch"]):
                _patch(found, **change)
    if namespace := said.get("namespace"):
        _move(objects, namespace)
    for replicas in said.get("replicas", []):
        for found in select(objects, kind="Deployment", name=replicas["name"]):
            found["spec"]["replicas"] = replicas["count"]
    for image in said.get("images", []):
        for container in [container for pod in map(pod_of, objects) if pod for container in pod["containers"]]:
            _image(container, **image)
    for replacement in said.get("replacements", []):
        _replace(objects, **replacement)
    return objects


def select(objects, kind, name):
    """The objects of a kind and name: one."""
    found = [found for found in objects if (found["kind"], found["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{len(found)} {kind} {name}"
    return found


def pod_of(made):
    """The spec of the pods that an object makes, if any."""
    return made.get("spec", {}).get("template", {}).get("spec") if made["kind"] in ("Deployment", "Job") else None


def _config_map(objects, name, literals, options, behavior="create"):
    assert options == NO_SUFFIX, f"{name} would get another name"
    data = dict(literal.split("=", 1) for literal in literals)
    if behavior == "merge":
        [found] = select(objects, "ConfigMap", name)
        found["data"] |= data
    else:
        objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


def _patch(found, op, path, value):
    assert op in ("add", "replace"), op
    *parents, last = path.strip("/").split("/")
    for parent in parents:
        found = found[int(parent) if isinstance(found, list) else parent]
    if isinstance(found, list):
        assert (op, last) == ("add", "-"), f"of a list only the end is known here: {path}"
        found.append(value)
    else:
        assert op == "add" or last in found, f"there is no {path} to replace"
        found[last] = value


def _move(objects, namespace):
    for found in objects:
        found["metadata"]["name" if found["kind"] == "Namespace" else "namespace"] = namespace
        for subject in found.get("subjects", []):
            subject["namespace"] = namespace


def _image(container, name, newName=None, newTag=None):
    now, _, tag = container["image"].partition(":")
    if now == name:
        container["image"] = ":".join(filter(None, (newName or now, newTag or tag)))


def _replace(objects, source, targets):
    [found] = select(objects, source["kind"], source["name"])
    value = _at(found, source["fieldPath"])
    for target in targets:
        [found] = select(objects, **target["select"])
        for path in target["fieldPaths"]:
            parent, _, last = path.rpartition(".")
            assert last in _at(found, parent), f"there is no {path} to replace"
            _at(found, parent)[last] = value


def _at(found, path):
    for step in re.findall(r"[^.\[\]]+=[^\]]+|[^.\[\]]+", path):
        key, is_item, value = step.partition("=")
        found = next(item for item in found if item[key] == value) if is_item else found[key]
    return found
