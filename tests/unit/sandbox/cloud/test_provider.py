"""The provider on the wire: what the engine asks and what it gets, from a server of its own process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]  # googleapis-common-protos ships no types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.cloud.values import UNKNOWN, decode, encode

ROOT = Path(__file__).parents[4]
NETWORK = "gcp:compute/network:Network"
USER = "gcp:sql/user:User"
SERVICE = "gcp:projects/service:Service"


class Server:
    """A running server and one configured connection to it, as one provider instance of the engine."""

    def __init__(self, folder: Path, trouble: dict[str, Any] | None = None) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "TRIPTRIP_CLOUD_TROUBLE"}
        if trouble is not None:
            (folder / "trouble.json").write_text(json.dumps(trouble))
            environment["TRIPTRIP_CLOUD_TROUBLE"] = str(folder / "trouble.json")
        command = [sys.executable, "-P", "-m", "sandbox.cloud", "serve", "--state", str(folder / "cloud.sqlite")]
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        self.port = json.loads(self.first_line)["port"]
        self.channels: list[grpc.Channel] = []

    def instance(self, **arguments: Any) -> Any:
        """A stub on a connection of its own, configured with those provider arguments."""
        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = grpc.insecure_channel(f"127.0.0.1:{self.port}", options)
        self.channels.append(channel)
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(args=encode(arguments)))
        return stub

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Stop the server; gives its exit code and what it wrote to stderr."""
        for channel in self.channels:
            channel.close()
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers on one cloud; whatever happens in the test, none is left running."""
    running: list[Server] = []

    def begin(trouble: dict[str, Any] | None = None) -> Server:
        running.append(Server(tmp_path, trouble))
        return running[-1]

    yield begin
    for server in running:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    return start()


@pytest.fixture
def stub(server: Server) -> Any:
    return server.instance(project="triptrip-dev", region="asia-northeast1", defaultLabels='{"env": "test"}')


def _create(stub: Any, token: str, inputs: dict[str, Any], **more: Any) -> Any:
    name = token.rpartition(":")[2].lower()
    return stub.Create(
        provider_pb2.CreateRequest(
            urn=f"urn:pulumi:dev::p::{token}::{name}", name=name, type=token, properties=encode(inputs), **more
        )
    )


def _enable(stub: Any, *services: str) -> None:
    for service in services:
        _create(stub, SERVICE, {"service": f"{service}.googleapis.com"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_its_port_and_stops_at_once_and_silently(start: Callable[..., Server], number: int) -> None:
    server = start()
    stub = server.instance()
    assert stub.Attach(plugin_pb2.PluginAttach()) == empty_pb2.Empty()
    code, errors = server.stop(number)
    assert (code, errors) == (0, "")
    assert list(json.loads(server.first_line)) == ["port"]


def test_a_wrong_plan_of_trouble_ends_it_with_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "trouble.json"
    file.write_text("[]")
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", "sandbox.cloud", "serve", "--state", str(tmp_path / "cloud.sqlite")],
        cwd=ROOT,
        env={**os.environ, "TRIPTRIP_CLOUD_TROUBLE": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: TRIPTRIP_CLOUD_TROUBLE")
    assert "Traceback" not in done.stderr


def test_it_calls_itself_newer_than_any_sdk(stub: Any) -> None:
    assert int(stub.GetPluginInfo(empty_pb2.Empty()).version.split(".")[0]) > 100


def _parameters(stub: Any, **parameters: Any) -> tuple[str, str]:
    made = stub.Parameterize(provider_pb2.ParameterizeRequest(**parameters))
    return made.name, made.version


def test_it_becomes_the_terraform_provider_it_is_told_to_be(stub: Any) -> None:
    arguments = provider_pb2.ParameterizeRequest.ParametersArgs(args=["timescale/timescale", "2.13.3"])
    told = {"remote": {"url": "registry.opentofu.org/timescale/timescale", "version": "2.13.3"}}
    value = provider_pb2.ParameterizeRequest.ParametersValue(
        name="timescale", version="1.0.0", value=json.dumps(told).encode()
    )
    assert _parameters(stub, args=arguments) == ("timescale", "2.13.3")
    assert _parameters(stub, value=value) == ("timescale", "2.13.3")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"args": {"args": ["timescale/timescale"]}}, "received 1 arg(s)"),
        ({"args": {"args": ["timescale", "2.13.3"]}}, "names no provider"),
        ({"value": {"name": "timescale", "version": "2.13.3"}}, "failed to parse parameterized value"),
        ({"value": {"value": b'{"local": {"path": "/tmp"}}'}}, "failed to parse parameterized value"),
        ({"value": {"value": b'{"remote": {"url": "timescale", "version": "2"}}'}}, "names no provider"),
    ],
)
def test_what_names_no_terraform_provider_is_refused(stub: Any, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        stub.Parameterize(provider_pb2.ParameterizeRequest(**parameters))
    assert said in str(error.value.details())


def _configuration(stub: Any, package: str, **arguments: Any) -> dict[str, str]:
    urn = f"urn:pulumi:dev::p::pulumi:providers:{package}::one"
    checked = stub.CheckConfig(provider_pb2.CheckRequest(urn=urn, news=encode(arguments)))
    return {failure.property: failure.reason for failure in checked.failures}


def test_a_providers_own_arguments_are_checked(stub: Any) -> None:
    assert not _configuration(stub, "gcp", project="triptrip-dev", version="10.2.0")
    assert _configuration(stub, "gcp", projekt="triptrip-dev") == {"projekt": "Invalid or unknown key"}
    assert not _configuration(stub, "timescale", projectId="abcdef0123", accessKey=UNKNOWN, secretKey=UNKNOWN)
    assert set(_configuration(stub, "timescale", accessKey="a")) == {"projectId", "secretKey"}


def test_check_completes_names_and_keeps_secrets(stub: Any) -> None:
    request = provider_pb2.CheckRequest(
        urn=f"urn:pulumi:dev::p::{USER}::app",
        name="app",
        type=USER,
        news=encode({"instance": UNKNOWN, "password": "hunter22"}, [("password",)]),
        randomSeed=b"seed",
    )
    first, second = stub.Check(request), stub.Check(request)
    assert first == second, "the same seed gives the same answer"
    inputs, secrets = decode(first.inputs)
    assert inputs["name"].startswith("app-")
    assert inputs["instance"] == UNKNOWN
    assert secrets == {("password",)}


def test_check_names_the_refused_property(stub: Any) -> None:
    request = provider_pb2.CheckRequest(type=NETWORK, name="n", urn=f"a::b::{NETWORK}::n", news=encode({"nmae": "x"}))
    failures = stub.Check(request).failures
    assert [failure.property for failure in failures] == ["nmae"]
    assert "did you mean 'name'?" in failures[0].reason


def test_an_unknown_type_is_one_sentence(stub: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        stub.Check(provider_pb2.CheckRequest(type="gcp:x/y:Z", name="n", urn="a::b::gcp:x/y:Z::n"))
    assert error.value.details() == "unrecognized resource type: gcp:x/y:Z (pulumi_gcp.x has no Z)"


def test_two_instances_do_not_mix(server: Server) -> None:
    one, other = server.instance(project="project-one"), server.instance(project="project-two")
    made = [_create(stub, SERVICE, {"service": "dns.googleapis.com"}).id for stub in (one, other, one)]
    assert made == [
        "project-one/dns.googleapis.com",
        "project-two/dns.googleapis.com",
        "project-one/dns.googleapis.com",
    ]


def test_a_preview_creates_nothing_and_keeps_unknowns(stub: Any) -> None:
    made = _create(stub, NETWORK, {"name": "main", "description": UNKNOWN}, preview=True)
    outputs, _ = decode(made.properties)
    assert made.id == ""
    assert (outputs["name"], outputs["selfLink"], outputs["description"]) == ("main", UNKNOWN, UNKNOWN)
    read = stub.Read(provider_pb2.ReadRequest(id="projects/triptrip-dev/global/networks/main", type=NETWORK))
    assert read.id == ""


def test_secret_inputs_and_outputs_stay_secret(stub: Any) -> None:
    _enable(stub, "secretmanager")
    token = "gcp:secretmanager/secret:Secret"  # noqa: S105 - a type token
    secret = _create(stub, token, {"secretId": "s", "replication": {"auto": {}}, "labels": {"a": "b"}})
    outputs, secrets = decode(secret.properties)
    assert outputs["effectiveLabels"] == {"a": "b", "env": "test", "goog-pulumi-provisioned": "true"}
    assert not secrets
    version = _create(
        stub, "gcp:secretmanager/secretVersion:SecretVersion", {"secret": secret.id, "secretData": "hidden"}
    )
    outputs, secrets = decode(version.properties)
    assert secrets == {("secretData",)}


def test_create_read_update_delete(stub: Any) -> None:
    _enable(stub, "compute")
    inputs = {"name": "main", "autoCreateSubnetworks": False}
    made = _create(stub, NETWORK, inputs)
    read = stub.Read(provider_pb2.ReadRequest(id=made.id, type=NETWORK, inputs=encode(inputs)))
    assert decode(read.inputs)[0] == inputs
    assert read.properties == made.properties
    changed = encode({**inputs, "routingMode": "GLOBAL"})
    diff = stub.Diff(
        provider_pb2.DiffRequest(
            id=made.id, type=NETWORK, olds=made.properties, old_inputs=encode(inputs), news=changed
        )
    )
    assert (diff.changes, list(diff.diffs), list(diff.replaces)) == (diff.DIFF_SOME, ["routingMode"], [])
    assert diff.detailedDiff["routingMode"].kind == provider_pb2.PropertyDiff.ADD
    after = stub.Update(
        provider_pb2.UpdateRequest(id=made.id, type=NETWORK, name="n", olds=made.properties, news=changed)
    )
    assert decode(after.properties)[0]["routingMode"] == "GLOBAL"
    stub.Delete(provider_pb2.DeleteRequest(id=made.id, type=NETWORK, name="n", properties=after.properties))
    assert stub.Read(provider_pb2.ReadRequest(id=made.id, type=NETWORK)).id == ""


def test_a_replacement_is_told_with_its_keys(stub: Any) -> None:
    old, new = encode({"name": "main"}), encode({"name": "other"})
    diff = stub.Diff(provider_pb2.DiffRequest(id="x", type=NETWORK, olds=old, old_inputs=old, news=new))
    assert list(diff.replaces) == ["name"]
    assert diff.detailedDiff["name"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    assert not diff.deleteBeforeReplace


def test_a_refusal_is_the_apis_own_sentence(stub: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        _create(stub, NETWORK, {"name": "main"})
    said = error.value.details() or ""
    assert said.startswith("googleapi: Error 403: compute.googleapis.com has not been used")


def test_a_half_made_resource_is_kept(start: Callable[..., Server]) -> None:
    server = start({"events": [{"match": {"type": NETWORK}, "do": "fail_halfway", "message": "not ready"}]})
    stub = server.instance(project="triptrip-dev")
    _enable(stub, "compute")
    with pytest.raises(grpc.RpcError) as error:
        _create(stub, NETWORK, {"name": "main"})
    trailing: Any = error.value.trailing_metadata()
    status = status_pb2.Status.FromString(dict(trailing)["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("projects/triptrip-dev/global/networks/main", ["not ready"])
    assert stub.Read(provider_pb2.ReadRequest(id=detail.id, type=NETWORK)).id == detail.id


def test_a_kill_ends_the_server_without_a_word(start: Callable[..., Server]) -> None:
    server = start({"events": [{"match": {"type": NETWORK}, "do": "kill", "when": "after"}]})
    stub = server.instance(project="triptrip-dev")
    _enable(stub, "compute")
    with pytest.raises(grpc.RpcError):
        _create(stub, NETWORK, {"name": "main"})
    _, errors = server.process.communicate(timeout=60)
    assert (server.process.returncode, errors) == (-signal.SIGKILL, "")
    again = start()
    read = again.instance().Read(
        provider_pb2.ReadRequest(id="projects/triptrip-dev/global/networks/main", type=NETWORK)
    )
    assert read.id, "what took effect before the kill is there"


def test_provider_arguments_are_checked(stub: Any) -> None:
    request = provider_pb2.CheckRequest(
        urn="urn:pulumi:dev::p::pulumi:providers:gcp::default", news=encode({"project": "p", "regoin": "x"})
    )
    assert [failure.property for failure in stub.CheckConfig(request).failures] == ["regoin"]


def test_a_data_function_is_answered_or_told(stub: Any) -> None:
    request = provider_pb2.InvokeRequest(tok="gcp:organizations/getProject:getProject", args=encode({}))
    answer, _ = decode(getattr(stub.Invoke(request), "return"))
    assert answer["projectId"] == "triptrip-dev"
    with pytest.raises(grpc.RpcError, match="no answer for"):
        stub.Invoke(provider_pb2.InvokeRequest(tok="gcp:compute/getImage:getImage"))
