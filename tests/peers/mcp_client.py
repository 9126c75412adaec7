"""Uses the tools for agents through the Python SDK of the Model Context Protocol. JSON in, JSON out."""

import asyncio
import json
import sys

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

question = json.load(sys.stdin)


def client(base):
    http = httpx2.AsyncClient(headers=question.get("headers", {}), timeout=20)
    return Client(streamable_http_client(base + "/mcp", http_client=http), mode=question["mode"])


async def call(agent, tool, **arguments):
    result = await agent.call_tool(tool, arguments)
    assert not result.is_error, result
    return result.structured_content


async def find(doors, begin):
    """Follows the path of the first root cause to the service where it lies."""
    async with client(doors[begin]) as agent:
        explained = await call(agent, "health_explain")
        if explained["status"] == "pass":
            return {"status": "pass"}
        root_cause = explained["root_causes"][0]["root_cause"]
    *services, name = root_cause.split("/")
    service = services[-1] if services else begin
    async with client(doors[service]) as agent:
        check = await call(agent, "health_check", name=name)
    return {
        "root_cause": root_cause,
        "service": service,
        "check": check["name"],
        "message": check["untrusted_text"]["message"],
        "owner": check["owner"],
        "runbook": check["runbook"],
        "blocks": check["blocks"],
    }


async def code_of(request):
    try:
        await request
    except MCPError as error:
        return error.code


async def tour(base):
    """Calls everything once."""
    async with client(base) as agent:
        tools = await agent.list_tools()
        results = [
            await call(agent, "health_overview"),
            await call(agent, "health_report", level=3),
            await call(agent, "health_check", name="db"),
            await call(agent, "health_explain"),
        ]
        changes = await call(agent, "health_changes", since="1h")
        (resource,) = (await agent.list_resources()).resources
        (content,) = (await agent.read_resource(resource.uri)).contents
        mistake = await agent.call_tool("health_check", {"name": "bd"})
        return {
            "version": agent.protocol_version,
            "server": agent.server_info.name if agent.server_info else None,
            "tools": [tool.name for tool in tools.tools],
            "statuses": [result["status"] for result in results],
            "changed": sorted(change["check"] for change in changes["changes"]),
            "resource": json.loads(content.text)["status"],
            "mistake": mistake.content[0].text if mistake.is_error else None,
            "unknown_tool": await code_of(agent.call_tool("rm", {})),
            "unknown_resource": await code_of(agent.read_resource("file:///etc/passwd")),
        }


async def status(base):
    answer = {"error": True}
    try:
        async with client(base) as agent:
            answer = {"status": (await call(agent, "health_overview"))["status"]}
    except* MCPError:
        pass
    return answer


async def operate(base):
    """Mutes and unmutes a check that fails."""
    async with client(base) as agent:
        tools = (await agent.list_tools()).tools[5:]
        statuses = [(await call(agent, "health_overview"))["status"]]
        arguments = {"name": "db", "for": "2h", "reason": "a migration"}
        muted = await call(agent, "health_mute", **arguments)
        statuses.append((await call(agent, "health_overview"))["status"])
        unmuted = await call(agent, "health_unmute", name="db")
        statuses.append((await call(agent, "health_overview"))["status"])
        return {
            "tools": [tool.name for tool in tools],
            "read_only": [tool.annotations.read_only_hint for tool in tools],
            "muted": muted["muted"]["untrusted_text"],
            "statuses": statuses,
            "unmuted": unmuted["muted"],
        }


async def main():
    if "operate" in question:
        return await operate(question["operate"])
    if "find" in question:
        return await find(question["find"], question["begin"])
    if "tour" in question:
        return await tour(question["tour"])
    return await status(question["status"])


json.dump(asyncio.run(main()), sys.stdout)
