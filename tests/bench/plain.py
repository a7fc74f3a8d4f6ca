"""What a script would do: read the lists, post every person with a few requests at a time, and forget.

No look-up, no ledger, no retry, no Redis. The bridge is measured beside it, as the price of all these.
Arguments: Kenjo's address, its key, the directory's address, how many requests are under way at once.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import orjson

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def push(kenjo: str, key: str, directory: str, concurrency: str = "10") -> int:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=int(concurrency))) as session:
        async with session.post(f"{kenjo}/auth/login", json={"apiKey": key}) as answer:
            headers = {"Authorization": (await answer.json())["token"]}

        async def read(name: str) -> dict[str, Any]:
            async with session.get(f"{kenjo}/{name}", headers=headers) as answer:
                rows = orjson.loads(await answer.read())
            return {row["_id"]: row for row in (rows["data"] if isinstance(rows, dict) else rows)}

        accounts = await read("employees/accounts")
        personals, works = await read("employees/personals"), await read("employees/works")
        departments = await read("departments")
        slots = asyncio.Semaphore(int(concurrency))

        async def post(key: str, account: dict[str, Any]) -> None:
            body = payload(key, account, personals.get(key, {}), works.get(key, {}), departments)
            async with slots, session.post(f"{directory}/Users", data=orjson.dumps(body)) as answer:
                await answer.read()

        wanted = [(key, row) for key, row in accounts.items() if row.get("email") and row["isActive"]]
        await asyncio.gather(*(post(key, row) for key, row in wanted))
        return len(wanted)


def payload(
    key: str,
    account: dict[str, Any],
    personal: dict[str, Any],
    work: dict[str, Any],
    departments: dict[str, Any],
) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": key,
        "userName": account["email"],
        "emails": [{"value": account["email"], "type": "work", "primary": True}],
        "name": {"givenName": personal.get("firstName"), "familyName": personal.get("lastName")},
        "displayName": personal.get("displayName"),
        "title": work.get("jobTitle"),
        "active": True,
        "preferredLanguage": account.get("language"),
        ENTERPRISE: {"department": departments.get(str(work.get("departmentId")), {}).get("name")},
    }


if __name__ == "__main__":
    asyncio.run(push(*sys.argv[1:5]))
