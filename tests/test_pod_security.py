"""What pods may do on their node: the Pod Security standard `restricted`, and a little less than that."""

import json

from manifests import containers, everything

USER = 10001
VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}


def broken_rules(pod):
    """Which rules of the Pod Security standard `restricted` a pod breaks."""
    security = pod.get("securityContext", {})
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name))
    yield from (volume["name"] for volume in pod.get("volumes", []) if not volume.keys() - {"name"} <= VOLUMES)
    yield from (name for name in ("sysctls", "seLinuxOptions", "windowsOptions") if name in security)
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        own = container.get("securityContext", {})
        effective = security | own
        capabilities = own.get("capabilities", {})
        rules = {
            "runAsNonRoot": effective.get("runAsNonRoot") is True,
            "runAsUser": effective.get("runAsUser") != 0,
            "seccompProfile": effective.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "privileged": not own.get("privileged"),
            "procMount": own.get("procMount", "Default") == "Default",
            "drop": capabilities.get("drop") == ["ALL"],
            "add": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
        }
        yield from (name for name, kept in rules.items() if not kept)


def test_every_pod_is_restricted_and_a_little_more():
    [space] = [one for one in everything("production") if one["kind"] == "Namespace"]
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert containers().keys() == {"server", "worker", "feed", "recorder"}
    for name, pod in containers().items():
        assert not list(broken_rules(pod)), name
        [container] = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (USER, USER), name
        assert pod["enableServiceLinks"] is False, name
        assert container["resources"].keys() == {"requests", "limits"}, name
        for mount in container["volumeMounts"]:
            if mount["name"] == "recordings":
                assert mount.get("readOnly", False) is (name != "recorder"), name


def test_the_rules_of_restricted_are_checked_here():
    pod = json.loads(json.dumps(containers()["worker"]))
    pod["containers"][0]["securityContext"] = {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}}
    pod["securityContext"] = {"runAsUser": 0}
    pod |= {"hostNetwork": True, "volumes": [{"name": "host", "hostPath": {"path": "/"}}]}
    of_the_pod = {"hostNetwork", "host", "runAsNonRoot", "runAsUser", "seccompProfile"}
    assert set(broken_rules(pod)) == of_the_pod | {"allowPrivilegeEscalation", "privileged", "drop", "add"}
