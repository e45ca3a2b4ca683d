"""The Compose files, the Dockerfile, and what they configure."""

import functools
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import yaml

from .project import DASHBOARDS, PROMETHEUS, ROOT, TOOLS, run
from .settings import known_variables

HUBS = ("hub-1", "hub-2", "hub-3")


def env_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@functools.cache
def project(*files: str) -> dict:
    """The project as Compose makes it of the files."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "COMPOSE_"))}
    return yaml.safe_load(run(TOOLS / "compose", *files, cwd=ROOT, env=clean | env_example()))


class Compose(unittest.TestCase):
    def setUp(self):
        self.services = project("docker-compose.yml")["services"]

    def test_secrets_must_be_given(self):
        for name, value in env_example().items():
            if value == "change-me":
                with self.subTest(name), self.assertRaises(AssertionError) as refused:
                    run(TOOLS / "compose", "docker-compose.yml", cwd=ROOT, env=env_example() | {name: ""} | {"PATH": os.environ["PATH"]})
                self.assertIn(".env.example", str(refused.exception))

    def test_images_are_pinned(self):
        for name, service in self.services.items():
            self.assertRegex(service["image"], r":v?\d+\.\d+\.\d+", name)

    def test_each_starts_when_what_it_needs_is_healthy(self):
        for name, service in self.services.items():
            for needed, how in service.get("depends_on", {}).items():
                with self.subTest(name, needs=needed):
                    self.assertEqual(how["condition"], "service_healthy")
                    self.assertIn("test", self.services[needed]["healthcheck"])
        for hub in HUBS:
            self.assertEqual(set(self.services[hub]["depends_on"]), {"redis", "mongodb"})
        self.assertEqual(set(self.services["balancer"]["depends_on"]), set(HUBS))

    def test_what_is_mounted_is_there(self):
        for service in self.services.values():
            for mount in service.get("volumes", []):
                if mount["type"] == "bind":
                    self.assertTrue(Path(mount["source"]).exists(), mount["source"])

    def test_settings_are_ones_that_the_hub_knows(self):
        for files in (("docker-compose.yml",), ("docker-compose.yml", "docker-compose.dev.yml")):
            for hub in HUBS:
                environment = project(*files)["services"][hub]["environment"]
                self.assertEqual(set(environment) - known_variables(), set())
                self.assertEqual(environment["HUBBUB_NODE"], hub)

    def test_followers_are_a_node_beside_the_others_and_only_where_they_are_wanted(self):
        followers, hub = self.services["followers"], self.services["hub-1"]
        self.assertEqual(followers["profiles"], ["followers"])
        own = {"HUBBUB_NODE": "followers", "HUBBUB_NODE_ROLES": "followers"}
        self.assertEqual(followers["environment"], hub["environment"] | own)
        self.assertEqual(hub["environment"]["HUBBUB_NODE_ROLES"], "", "all roles, unless somebody says otherwise")
        alike = {key: value for key, value in followers.items() if key not in ("profiles", "environment")}
        self.assertEqual(alike, {key: value for key, value in hub.items() if key != "environment"})
        hubs = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"][0]
        self.assertEqual(hubs["dns_sd_configs"][0]["names"], ["followers"])
        self.assertNotIn("followers", (ROOT / "deploy/haproxy.cfg").read_text())

    def test_redis_keeps_what_it_is_given(self):
        command = " ".join(self.services["redis"]["command"])
        self.assertIn("--appendonly yes", command)
        self.assertIn("--maxmemory-policy noeviction", command)

    def test_only_the_page_is_open_to_other_machines(self):
        opened = {name: port for name, service in self.services.items() for port in service.get("ports", [])}
        beyond = [name for name, port in opened.items() if port.get("host_ip") != "127.0.0.1"]
        self.assertEqual(beyond, ["balancer"])
        self.assertTrue(project("docker-compose.yml")["networks"]["back"]["internal"])

    def test_dev_rebuilds_on_change(self):
        services = project("docker-compose.yml", "docker-compose.dev.yml")["services"]
        for hub in HUBS:
            self.assertEqual(services[hub]["build"]["args"]["PROFILE"], "dev")
            watched = {rule["path"] for rule in services[hub]["develop"]["watch"]}
            self.assertTrue(any(path.endswith("src") for path in watched))
            self.assertTrue(all((ROOT / path).exists() for path in watched))


    def test_the_probe_asks_and_is_asked_where_it_is(self):
        probe = self.services["probe"]
        jobs = {job["job_name"]: job for job in yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]}
        self.assertEqual(jobs["hubbub-probe"]["static_configs"][0]["targets"], ["probe:9464"])
        self.assertIn("0.0.0.0:9464", probe["command"])
        self.assertEqual(probe["environment"]["HUBBUB_INTERNAL_LISTEN"], "127.0.0.1:9464")
        self.assertEqual(probe["image"], self.services["hub-1"]["image"])


class Configured(unittest.TestCase):
    def test_haproxy_accepts_its_configuration(self):
        # Other names than these cannot be resolved here, and would only be warned of.
        run("haproxy", "-c", "-f", ROOT / "deploy" / "haproxy.cfg")

    def test_the_balancer_and_prometheus_know_every_node(self):
        balancer = (ROOT / "deploy/haproxy.cfg").read_text()
        targets = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0]["targets"]
        self.assertEqual(targets, [f"{hub}:8081" for hub in HUBS])
        self.assertEqual(re.findall(r"^    server (\S+) (\S+)$", balancer, re.MULTILINE), [(hub, f"{hub}:8080") for hub in HUBS])

    def test_prometheus_accepts_its_configuration_with_the_rules(self):
        with tempfile.TemporaryDirectory() as directory:
            shutil.copy(ROOT / "deploy/prometheus.yml", directory)
            shutil.copytree(PROMETHEUS, Path(directory) / "rules")
            told = run("promtool", "check", "config", Path(directory) / "prometheus.yml")
        self.assertIn("3 rule files found", told)

    def test_grafana_finds_prometheus_and_the_dashboards(self):
        services = project("docker-compose.yml")["services"]
        source = yaml.safe_load((DASHBOARDS / "provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
        self.assertEqual((source["type"], source["url"]), ("prometheus", "http://prometheus:9090"))
        provider = yaml.safe_load((DASHBOARDS / "provisioning/dashboards/hubbub.yml").read_text())["providers"][0]
        mounted = {mount["target"]: mount["source"] for mount in services["grafana"]["volumes"] if mount["type"] == "bind"}
        self.assertEqual(Path(mounted[provider["options"]["path"]]), DASHBOARDS / "grafana")
        home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertTrue((DASHBOARDS / "grafana" / Path(home).name).exists())


class Image(unittest.TestCase):
    def setUp(self):
        self.lines = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text()).splitlines()

    def instructions(self, name: str) -> list[str]:
        return [line.removeprefix(f"{name} ") for line in self.lines if line.startswith(f"{name} ")]

    def test_it_is_built_from_pinned_images_and_runs_without_rights(self):
        for image in self.instructions("FROM"):
            self.assertRegex(image, r"^[a-z]+:\d+\.\d+")
        user = self.instructions("USER")[-1].split(":")[0]
        self.assertTrue(user.isdigit() and int(user) > 0)

    def test_what_is_copied_is_there_and_not_ignored(self):
        ignored = (ROOT / ".dockerignore").read_text().splitlines()
        for line in self.instructions("COPY"):
            if "--from=" not in line:
                for source in line.split()[:-1]:
                    self.assertTrue((ROOT / source).exists(), source)
                    above = [Path(source), *Path(source).parents]
                    self.assertTrue(any(f"!{path}" in ignored for path in above), f"{source} is ignored")

    def test_what_the_hub_embeds_is_copied(self):
        copied = {source for line in self.instructions("COPY") if "--from=" not in line for source in line.split()[:-1]}
        for path in (ROOT / "src").rglob("*.rs"):
            source = path.read_text()
            embedded = [path.parent / name for name in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', source)]
            embedded += [ROOT / name for name in re.findall(r'#\[folder = "([^"]+)"', source)]
            for file in embedded:
                self.assertIn(file.resolve().relative_to(ROOT).parts[0], copied, path)

    def test_dependencies_are_a_layer_of_their_own(self):
        steps = [line for line in self.lines if line.startswith(("COPY", "RUN"))]
        first = next(place for place, step in enumerate(steps) if step.startswith("RUN"))
        self.assertIn("COPY Cargo.toml Cargo.lock ./", steps[:first])
        self.assertNotIn("COPY src src", steps[:first])
        self.assertIn("scripts/build-release", steps[first])

    def test_its_toolchain_can_build_the_hub(self):
        oldest = re.search(r'^rust-version = "([\d.]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
        used = re.match(r"rust:([\d.]+)-", self.instructions("FROM")[0])[1]
        self.assertGreaterEqual([int(part) for part in used.split(".")], [int(part) for part in oldest.split(".")])
