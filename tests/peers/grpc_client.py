"""Asks a gRPC health service and writes a line for each thing it learns.

grpc_client.py <address> check <service>...   one status each, or the error's code
grpc_client.py <address> list                 every service with its status
grpc_client.py <address> watch <service>      each status, until the error that ends the stream
grpc_client.py <address> channel <service>    what a channel with client-side health checking makes of it
"""

import json
import sys
import threading

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


def name(status):
    return health_pb2.HealthCheckResponse.ServingStatus.Name(status)


def say(*words):
    print(*words, flush=True)


def check(stub, *services):
    for service in services:
        try:
            say(name(stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5).status))
        except grpc.RpcError as error:
            say(error.code().name)


def list_all(stub):
    statuses = stub.List(health_pb2.HealthListRequest(), timeout=5).statuses
    for service in sorted(statuses):
        say(service or "-", name(statuses[service].status))


def watch(stub, service):
    try:
        for answer in stub.Watch(health_pb2.HealthCheckRequest(service=service)):
            say(name(answer.status))
        say("OK")
    except grpc.RpcError as error:
        say(error.code().name, error.details())


def channel(address, service):
    """Round robin over one address, which goes by health: gRFC A17."""
    config = {"healthCheckConfig": {"serviceName": service}, "loadBalancingConfig": [{"round_robin": {}}]}
    connection = grpc.insecure_channel(address, options=[("grpc.service_config", json.dumps(config))])
    connection.subscribe(lambda state: say(state.name), try_to_connect=True)
    threading.Event().wait()


address, method, *services = sys.argv[1:]
if method == "channel":
    channel(address, *services)
else:
    stub = health_pb2_grpc.HealthStub(grpc.insecure_channel(address))
    {"check": check, "list": list_all, "watch": watch}[method](stub, *services)
