"""The Kubernetes manifests, rendered as kubectl does and held to the schemas of Kubernetes."""

import functools
import json
import re
import unittest
import warnings
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

from .project import ROOT, run
from .settings import known_variables

OVERLAYS = sorted(path.parent for path in (ROOT / "k8s" / "overlays").glob("*/kustomization.yaml"))
# The oldest that k8s/README.md allows, and the newest that the schemas know.
VERSIONS = ("1.30", kubernetes_validate.latest_version())
# Where the schemas of resources stand that are not Kubernetes' own.
OPERATORS = {
    "monitoring.coreos.com/v1": (
        "github.com/prometheus-operator/prometheus-operator@v0.83.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml",
    ),
    "keda.sh/v1alpha1": ("github.com/kedacore/keda/v2@v2.17.2", "config/crd/bases/keda.sh_{plural}.yaml"),
}


@functools.cache
def rendered(overlay: Path) -> list[dict]:
    return [document for document in yaml.safe_load_all(run("kubectl", "kustomize", overlay)) if document]


def one(documents: list[dict], kind: str, name: str = "hubbub") -> dict:
    found = [document for document in documents if (document["kind"], document["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{len(found)} {kind} {name}"
    return found[0]


@functools.cache
def operator_schema(api: str, kind: str) -> dict:
    """A custom resource's schema, from its operator's Go module."""
    module, path = OPERATORS[api]
    directory = json.loads(run("go", "mod", "download", "-json", module, cwd=ROOT))["Dir"]
    definition = yaml.safe_load((Path(directory) / path.format(plural=f"{kind.lower()}s")).read_text())
    version = next(each for each in definition["spec"]["versions"] if api.endswith(f"/{each['name']}"))
    return closed(version["schema"]["openAPIV3Schema"], top=True)


def closed(schema: dict, top: bool = False) -> dict:
    """The schema with nothing allowed that it does not name."""
    if isinstance(schema.get("properties"), dict):
        properties = {name: closed(part) for name, part in schema["properties"].items()}
        schema = {**schema, "properties": properties}
        if top:
            properties["metadata"] = {"type": "object"}
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema["additionalProperties"] = False
    if isinstance(schema.get("items"), dict):
        schema = {**schema, "items": closed(schema["items"])}
    if "pattern" in schema:
        # Go takes flags in the middle of a pattern, Python at its beginning.
        schema = {**schema, "pattern": re.sub(r"^\^\(\?i\)", "(?i)^", schema["pattern"])}
    return schema


class Manifests(unittest.TestCase):
    def test_kubernetes_accepts_every_resource(self):
        own = 0
        for overlay in OVERLAYS:
            for document in rendered(overlay):
                api, kind = document["apiVersion"], document["kind"]
                with self.subTest(overlay=overlay.name, kind=kind, name=document["metadata"]["name"]):
                    if api in OPERATORS:
                        jsonschema.validate(document, operator_schema(api, kind))
                        continue
                    for version in VERSIONS:
                        with warnings.catch_warnings():
                            # One whose schema is not found would otherwise pass.
                            warnings.simplefilter("error")
                            kubernetes_validate.validate(document, version, strict=True)
                    own += 1
        self.assertGreater(own, 20)

    def test_nothing_passes_that_kubernetes_does_not_know(self):
        deployment = one(rendered(OVERLAYS[0]), "Deployment")
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate({**deployment, "spec": {**deployment["spec"], "replicaz": 3}}, VERSIONS[0], strict=True)
        monitor = one(rendered(ROOT / "k8s/overlays/prod"), "PodMonitor")
        with self.assertRaises(jsonschema.ValidationError):
            wrong = {**monitor, "spec": {**monitor["spec"], "interval": "15s"}}
            jsonschema.validate(wrong, operator_schema(monitor["apiVersion"], "PodMonitor"))

    def test_everything_is_about_the_pods_of_a_deployment(self):
        for overlay in OVERLAYS:
            documents = rendered(overlay)
            deployments = [document for document in documents if document["kind"] == "Deployment"]
            pods = {each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"] for each in deployments}
            for document in documents:
                spec = document.get("spec", {})
                selectors = {
                    "Service": lambda: spec["selector"],
                    "Deployment": lambda: spec["selector"]["matchLabels"],
                    "PodDisruptionBudget": lambda: spec["selector"]["matchLabels"],
                    "PodMonitor": lambda: spec["selector"]["matchLabels"],
                    "NetworkPolicy": lambda: spec["podSelector"]["matchLabels"],
                }.get(document["kind"])
                name = document["metadata"]["name"]
                if selectors and name.startswith("hubbub"):
                    pod = pods[next((own for own in ("hubbub-probe", "hubbub-followers") if name.startswith(own)), "hubbub")]
                    with self.subTest(overlay=overlay.name, kind=document["kind"], name=name):
                        self.assertTrue(selectors() and selectors().items() <= pod.items())

    def test_pods_have_no_rights_that_they_do_not_need(self):
        for overlay in OVERLAYS:
            for document in rendered(overlay):
                if document["kind"] not in ("Deployment", "StatefulSet"):
                    continue
                pod = document["spec"]["template"]["spec"]
                self.assertFalse(pod["automountServiceAccountToken"])
                self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                self.assertEqual(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
                for container in pod["containers"]:
                    rights = container["securityContext"]
                    self.assertTrue(rights["readOnlyRootFilesystem"])
                    self.assertFalse(rights["allowPrivilegeEscalation"])
                    self.assertEqual(rights["capabilities"], {"drop": ["ALL"]})
                    self.assertTrue(container["resources"]["requests"] and container["resources"]["limits"]["memory"])
                    self.assertRegex(container["image"], r":[0-9]")


class Probe(unittest.TestCase):
    def setUp(self):
        self.prod = rendered(ROOT / "k8s/overlays/prod")
        self.pod = one(self.prod, "Deployment", "hubbub-probe")["spec"]["template"]["spec"]
        self.container = self.pod["containers"][0]

    def test_it_asks_the_service_of_the_hub_with_the_image_of_the_hub(self):
        service = one(self.prod, "Service")
        self.assertEqual(self.container["args"][-1], f"http://{service['metadata']['name']}")
        self.assertEqual([port["port"] for port in service["spec"]["ports"]], [80])
        hub = one(self.prod, "Deployment")["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(self.container["image"], hub["image"])
        ports = [port["port"] for rule in one(self.prod, "NetworkPolicy", "hubbub-probe")["spec"]["egress"] for port in rule["ports"]]
        public = next(port["containerPort"] for port in hub["ports"] if port["name"] == "public")
        self.assertIn(public, ports)

    def test_its_command_and_settings_are_ones_that_it_knows(self):
        words = (ROOT / "src/app/cli").rglob("*.rs")
        source = "".join(path.read_text() for path in [*words, *(ROOT / "src/tools/probe").rglob("*.rs")])
        for option in (word for word in self.container["args"] if word.startswith("--")):
            self.assertRegex(source, rf"\b{option.removeprefix('--')}\b")
        named = {variable["name"] for variable in self.container["env"]} - known_variables()
        self.assertEqual({name for name in named if name not in source}, set())

    def test_prometheus_finds_it_under_the_job_that_the_rules_know(self):
        monitor = one(self.prod, "PodMonitor", "hubbub-probe")["spec"]
        self.assertEqual(monitor["jobLabel"], "app.kubernetes.io/name")
        self.assertEqual(monitor["selector"]["matchLabels"]["app.kubernetes.io/name"], "hubbub-probe")
        [port] = self.container["ports"]
        self.assertEqual(monitor["podMetricsEndpoints"][0]["port"], port["name"])
        self.assertIn(f"0.0.0.0:{port['containerPort']}", self.container["args"])

    def test_what_it_counted_outlives_it(self):
        claim = self.pod["volumes"][0]["persistentVolumeClaim"]["claimName"]
        one(self.prod, "PersistentVolumeClaim", claim)
        state = self.container["args"][self.container["args"].index("--state") + 1]
        self.assertTrue(state.startswith(self.container["volumeMounts"][0]["mountPath"] + "/"))


class Followers(unittest.TestCase):
    def setUp(self):
        self.documents = rendered(ROOT / "k8s/overlays/prod-roles")
        self.deployment = one(self.documents, "Deployment", "hubbub-followers")["spec"]
        self.pod = self.deployment["template"]["spec"]
        self.container = self.pod["containers"][0]
        self.hub = one(self.documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]

    def settings(self, container: dict) -> dict[str, str]:
        """As the pod has them: a variable of its own wins over that of the ConfigMap."""
        settings = dict(one(self.documents, "ConfigMap", container["envFrom"][0]["configMapRef"]["name"])["data"])
        return settings | {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}

    def test_all_roles_are_somebodys_and_only_one_differs(self):
        nodes, followers = self.settings(self.hub), self.settings(self.container)
        self.assertEqual((nodes.pop("HUBBUB_NODE_ROLES"), followers.pop("HUBBUB_NODE_ROLES")), ("clients,owner", "followers"))
        self.assertEqual(nodes, followers)
        self.assertEqual(self.container["image"], self.hub["image"])
        self.assertEqual(self.container["envFrom"], self.hub["envFrom"])
        prod = rendered(ROOT / "k8s/overlays/prod")
        name = one(prod, "Deployment")["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
        self.assertNotIn("HUBBUB_NODE_ROLES", one(prod, "ConfigMap", name)["data"])

    def test_no_service_budget_or_policy_of_the_other_nodes_is_about_them(self):
        labels = self.deployment["template"]["metadata"]["labels"].items()
        for document in self.documents:
            spec = document.get("spec", {})
            selector = spec.get("selector") or spec.get("podSelector") or {}
            selector = selector.get("matchLabels", selector)
            name = document["metadata"]["name"]
            if document["kind"] in ("Service", "Deployment", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
                self.assertEqual(selector.items() <= labels, name == "hubbub-followers", f"{document['kind']} {name}")

    def test_their_metrics_are_of_the_hubs_job(self):
        [endpoint] = one(self.documents, "PodMonitor", "hubbub-followers")["spec"]["podMetricsEndpoints"]
        self.assertIn({"targetLabel": "job", "replacement": "hubbub"}, endpoint["relabelings"])
        self.assertEqual(endpoint["port"], self.container["ports"][0]["name"])
        policy = one(self.documents, "NetworkPolicy", "hubbub-followers")["spec"]
        self.assertEqual(policy["egress"], one(self.documents, "NetworkPolicy")["spec"]["egress"])
        self.assertEqual([port["port"] for rule in policy["ingress"] for port in rule["ports"]], ["internal"])

    def test_the_grace_period_covers_the_drain(self):
        drain = int(self.settings(self.container)["HUBBUB_DRAIN_DEADLINE"].removesuffix("s"))
        self.assertGreaterEqual(self.pod["terminationGracePeriodSeconds"], drain + 10)


class Hub(unittest.TestCase):
    def setUp(self):
        self.prod = rendered(ROOT / "k8s/overlays/prod")
        self.pod = one(self.prod, "Deployment")["spec"]["template"]["spec"]
        self.container = self.pod["containers"][0]

    def test_a_rollout_never_takes_a_node_before_another_is_ready(self):
        strategy = one(self.prod, "Deployment")["spec"]["strategy"]["rollingUpdate"]
        self.assertEqual((strategy["maxUnavailable"], strategy["maxSurge"]), (0, 1))

    def test_the_grace_period_covers_the_sleep_and_the_drain(self):
        settings = one(self.prod, "ConfigMap", self.container["envFrom"][0]["configMapRef"]["name"])["data"]
        drain = int(settings["HUBBUB_DRAIN_DEADLINE"].removesuffix("s"))
        sleep = self.container["lifecycle"]["preStop"]["sleep"]["seconds"]
        # As docs/operations.md says under "Restarts and upgrades".
        self.assertGreaterEqual(self.pod["terminationGracePeriodSeconds"], sleep + drain + 10)

    def test_there_are_partitions_for_every_node_that_may_be_made(self):
        per_node = int(re.search(r"PARTITIONS_PER_NODE: u64 = (\d+);", (ROOT / "src/tools/capacity/need.rs").read_text())[1])
        for overlay, kind, most in (("prod", "HorizontalPodAutoscaler", "maxReplicas"), ("prod-keda", "ScaledObject", "maxReplicaCount")):
            documents = rendered(ROOT / "k8s/overlays" / overlay)
            container = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]
            settings = one(documents, "ConfigMap", container["envFrom"][0]["configMapRef"]["name"])["data"]
            self.assertGreaterEqual(int(settings["HUBBUB_PARTITIONS"]), per_node * one(documents, kind)["spec"][most])

    def test_only_readiness_looks_beyond_the_process(self):
        paths = {probe: self.container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
        self.assertEqual(paths, {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"})

    def test_settings_are_ones_that_the_hub_knows(self):
        named = {variable["name"] for variable in self.container["env"]}
        for overlay in OVERLAYS:
            for document in rendered(overlay):
                if document["kind"] in ("ConfigMap", "Secret"):
                    named.update(document.get("data", {}))
        readme = (ROOT / "k8s/README.md").read_text()
        named.update(re.findall(r"from-literal=(\w+)=", readme))
        self.assertEqual(named - known_variables(), set())

    def test_the_internal_listener_stays_inside(self):
        ingress = one(self.prod, "Ingress")["spec"]
        backends = {path["backend"]["service"]["name"] for rule in ingress["rules"] for path in rule["http"]["paths"]}
        self.assertEqual(backends, {"hubbub"})
        self.assertEqual([port["targetPort"] for port in one(self.prod, "Service")["spec"]["ports"]], ["public"])
        for policy in (document for document in self.prod if document["kind"] == "NetworkPolicy"):
            for rule in policy["spec"]["ingress"]:
                if any(port["port"] == "internal" for port in rule["ports"]):
                    self.assertTrue(rule["from"])

    def test_one_thing_scales(self):
        keda = rendered(ROOT / "k8s/overlays/prod-keda")
        self.assertEqual([d["kind"] for d in keda if d["kind"] in ("ScaledObject", "HorizontalPodAutoscaler")], ["ScaledObject"])
        query = one(keda, "ScaledObject")["spec"]["triggers"][0]["metadata"]["query"]
        self.assertIn(f'namespace="{one(keda, "ScaledObject")["metadata"]["namespace"]}"', query)
        autoscaler = one(self.prod, "HorizontalPodAutoscaler")["spec"]
        self.assertEqual(autoscaler["metrics"][0]["pods"]["metric"]["name"], "hubbub_sessions")
        resource = autoscaler["metrics"][1]["resource"]
        [trigger] = [trigger for trigger in one(keda, "ScaledObject")["spec"]["triggers"] if trigger["type"] == resource["name"]]
        self.assertEqual(trigger["metadata"]["value"], str(resource["target"]["averageUtilization"]))
        self.assertGreaterEqual(autoscaler["behavior"]["scaleDown"]["stabilizationWindowSeconds"], 1800)
