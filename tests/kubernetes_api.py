"""The API of a Kubernetes cluster over plain HTTP, as the tests and the stand-in node use it."""

import json

import requests

ANSWERS_WITHIN = 10.0
MERGE = {"Content-Type": "application/merge-patch+json"}
# Where each kind of object lives, in a namespace unless it is of none.
GROUPS = {
    "jobs": "/apis/batch/v1",
    "roles": "/apis/rbac.authorization.k8s.io/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
}


class ApiError(Exception):
    """The API server refused: `status` and the body that it answered with."""

    def __init__(self, answer):
        super().__init__(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        self.status = answer.status_code


class Api:
    """An API server as one user reaches it. `kubectl` would show the same."""

    def __init__(self, url, ca, token):
        self.url, self.ca = url, ca
        self._session = requests.Session()
        # The environment may name a proxy, or other certificates to trust.
        self._session.trust_env = False
        self._session.verify = str(ca)
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, timeout=ANSWERS_WITHIN, **options):
        """The answer to one call, as JSON."""
        answer = self._session.request(method, self.url + path, timeout=timeout, **options)
        if not answer.ok:
            raise ApiError(answer)
        return answer.json()

    def list(self, kind, namespace=None, selector=None):
        """Objects of a kind, those of all namespaces if none is named."""
        return self.call("GET", path_of(kind, namespace), params={"labelSelector": selector})["items"]

    def get(self, kind, namespace, name):
        return self.call("GET", path_of(kind, namespace, name))

    def create(self, kind, namespace, body):
        return self.call("POST", path_of(kind, namespace), json=body)

    def patch(self, kind, namespace, name, change, part=""):
        """Merges a change into an object, or into a part of it such as `/status`."""
        return self.call("PATCH", path_of(kind, namespace, name) + part, json=change, headers=MERGE)

    def delete(self, kind, namespace, name, **options):
        """Deletes an object; what it owned follows."""
        options = {"propagationPolicy": "Background"} | options
        return self.call("DELETE", path_of(kind, namespace, name), json=options)

    def follow(self, kind, silent_for):
        """Changes of all objects of a kind: what `list` gave as a whole, then each `(type, object)`; ends when nothing
        has changed for so many seconds, or when the server ends it, be it in the middle of a line."""
        path = path_of(kind, None)
        listed = self.call("GET", path, timeout=silent_for)
        yield "LISTED", listed["items"]
        wanted = {"watch": "1", "resourceVersion": listed["metadata"]["resourceVersion"]}
        try:
            with self._session.get(self.url + path, params=wanted, stream=True, timeout=silent_for) as answer:
                for line in answer.iter_lines(chunk_size=None):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        return
                    yield event["type"], event["object"]
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, json.JSONDecodeError):
            return


def path_of(kind, namespace=None, name=None):
    """The path of a collection, or of an object in it."""
    path = GROUPS.get(kind, "/api/v1")
    if namespace:
        path += f"/namespaces/{namespace}"
    path += f"/{kind}"
    return f"{path}/{name}" if name else path
