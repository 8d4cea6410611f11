"""Works on one task over MCP with the official SDK: hand in, claim, report, complete.

    python agent.py http://127.0.0.1:8000/mcp jctk_... myorg/app
"""

import asyncio
import json
import sys

import httpx2
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


async def work(url: str, key: str, repo: str) -> None:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30) as http,
        streamable_http_client(url, http_client=http) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()

        async def call(tool: str, **arguments: object) -> dict:
            result = await session.call_tool(tool, arguments)
            answer = json.loads(result.content[0].text)
            if not answer["success"]:
                raise SystemExit(f"{tool}: {answer['error']}")
            return answer

        tools = {tool.name for tool in (await session.list_tools()).tools}
        print(f"{len(tools)} tools")
        task = (await call("jct_enqueue_task", objective="say hello", type="docs", target={"repo": repo}))["task_id"]
        claim = await call("jct_claim_task", task_id=task)
        fence = claim["lease"]["fence"]
        await call("jct_heartbeat", task_id=task, fence=fence)
        await call("jct_report_artifact", task_id=task, fence=fence, title="hello.md", artifact_type="doc", content="hello")
        end = await call("jct_complete_task", task_id=task, fence=fence, success=True, summary="said hello")
        print(f"task {task} is {end['task_status']}, its review is {end['review']['status']}")


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
