"""Renders a kustomization, as far as the ones in this project go.

Kustomize is a Go program, and a fresh machine has none. What is used of it is little, so it is done here;
`test_kustomize.py` compares the result with the real one where that is installed. An unknown field is an
error, never skipped.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KNOWN_FIELDS = {"apiVersion", "kind", "namespace", "resources", "configMapGenerator", "images", "replicas"}
GENERATOR_FIELDS = {"name", "behavior", "files"}
IMAGE_FIELDS = {"name", "newName", "newTag"}
REPLICA_FIELDS = {"name", "count"}

Object = dict[str, Any]


class OnceOnly(yaml.SafeLoader):
    """SafeLoader that refuses a key which a mapping has twice, as kustomize does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make the mapping. Raises ConstructorError for a repeated key."""
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        return mapping


def render(folder: Path) -> list[Object]:
    """Return the objects that `kubectl kustomize FOLDER` prints, in no promised order."""
    objects = _collect(folder)
    for config in [found for found in objects if found["kind"] == "ConfigMap"]:
        _rename_by_content(config, objects)
    return objects


def pod_spec(found: Object) -> Object | None:
    """Return the pod that an object makes, or None for an object that makes none."""
    spec = found.get("spec", {})
    if found["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod: Object | None = spec.get("template", {}).get("spec")
    return pod


def _collect(folder: Path) -> list[Object]:
    """Return the objects of a kustomization before generated names get their hash."""
    kustomization = yaml.load((folder / "kustomization.yaml").read_text("utf-8"), OnceOnly)  # noqa: S506
    _refuse_unknown(kustomization, KNOWN_FIELDS)
    objects = [found for entry in kustomization.get("resources", []) for found in _resource(folder / entry)]
    for generator in kustomization.get("configMapGenerator", []):
        _generate(generator, folder, objects)
    for image in kustomization.get("images", []):
        _replace_image(image, objects)
    for replica in kustomization.get("replicas", []):
        _scale(replica, objects)
    if namespace := kustomization.get("namespace"):
        for found in objects:
            found["metadata"]["namespace"] = namespace
    return objects


def _refuse_unknown(mapping: Object, known: set[str]) -> None:
    """Raise for a field that this renderer would have to ignore."""
    if unknown := mapping.keys() - known:
        raise NotImplementedError(f"kustomize fields that this renderer does not know: {sorted(unknown)}")


def _resource(path: Path) -> list[Object]:
    """Return the objects of a file, or of a folder with a kustomization of its own."""
    if path.is_dir():
        return _collect(path)
    return [found for found in yaml.load_all(path.read_text(), OnceOnly) if found]


def _generate(generator: Object, folder: Path, objects: list[Object]) -> None:
    """Add a ConfigMap of files, or replace the data of the one that an inner kustomization made."""
    _refuse_unknown(generator, GENERATOR_FIELDS)
    data = {}
    for entry in generator["files"]:
        key, _, path = entry.rpartition("=")
        data[key or Path(path).name] = (folder / path).read_text("utf-8")
    if generator.get("behavior", "create") == "create":
        metadata = {"name": generator["name"]}
        objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        return
    if generator["behavior"] != "replace":
        raise NotImplementedError(f"behavior {generator['behavior']}")
    (existing,) = [
        found
        for found in objects
        if found["kind"] == "ConfigMap" and found["metadata"]["name"] == generator["name"]
    ]
    existing["data"] = data


def _replace_image(image: Object, objects: list[Object]) -> None:
    """Give the containers of an image its new name, its new tag, or both."""
    _refuse_unknown(image, IMAGE_FIELDS)
    for container in _containers(objects):
        name, _, tag = container["image"].partition(":")
        if name == image["name"]:
            container["image"] = f"{image.get('newName', name)}:{image.get('newTag', tag)}"


def _scale(replica: Object, objects: list[Object]) -> None:
    """Set the number of replicas of the one Deployment of that name."""
    _refuse_unknown(replica, REPLICA_FIELDS)
    (deployment,) = [
        found
        for found in objects
        if found["kind"] == "Deployment" and found["metadata"]["name"] == replica["name"]
    ]
    deployment["spec"]["replicas"] = replica["count"]


def _containers(objects: list[Object]) -> Iterator[Object]:
    for found in objects:
        yield from (pod_spec(found) or {}).get("containers", [])


def _rename_by_content(config: Object, objects: list[Object]) -> None:
    """Append kustomize's hash to a ConfigMap's name and to the volumes that use it."""
    plain = config["metadata"]["name"]
    hashed = f"{plain}-{_content_hash(config['data'])}"
    config["metadata"]["name"] = hashed
    for found in objects:
        for volume in (pod_spec(found) or {}).get("volumes", []):
            if volume.get("configMap", {}).get("name") == plain:
                volume["configMap"]["name"] = hashed


def _content_hash(data: dict[str, str]) -> str:
    """Hash as kustomize does: Go's JSON, SHA-256, ten digits without vowels or look-alikes.

    The name is empty in what is hashed: kustomize looks for it in the wrong place, and stays with that.
    """
    text = json.dumps(
        {"data": data, "kind": "ConfigMap", "name": ""},
        separators=(",", ":"),
        sort_keys=True,
        ensure_ascii=False,
    )
    for character in "<>&":  # Go escapes these, Python does not
        text = text.replace(character, f"\\u{ord(character):04x}")
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(str.maketrans("013ae", "ghkmt"))
