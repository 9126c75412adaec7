"""Serves the gRPC health service of grpcio on a free port, writes the port, and ends with its standard input.

Services: the empty one and `good` are SERVING, `bad` is NOT_SERVING, `starting` is UNKNOWN.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

server = grpc.server(ThreadPoolExecutor(max_workers=2))
servicer = health.HealthServicer()
health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
statuses = health_pb2.HealthCheckResponse
for service, status in {
    "": statuses.SERVING,
    "good": statuses.SERVING,
    "bad": statuses.NOT_SERVING,
    "starting": statuses.UNKNOWN,
}.items():
    servicer.set(service, status)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
